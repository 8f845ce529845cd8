import { RadioGroup } from 'radix-ui';
import { MoonIcon, ScreenIcon, SunIcon } from './icons.tsx';
import { setTheme, THEMES, type Theme, useTheme } from './theme.ts';

const LOOK = { light: SunIcon, dark: MoonIcon, system: ScreenIcon } as const;
const NAME = { light: 'Light', dark: 'Dark', system: 'As the system' } as const;

export function ThemeSwitch() {
  const theme = useTheme();
  return (
    <RadioGroup.Root
      className="theme-switch"
      aria-label="Theme"
      value={theme}
      onValueChange={(value) => setTheme(value as Theme)}
      orientation="horizontal"
    >
      {THEMES.map((each) => {
        const Icon = LOOK[each];
        return (
          <RadioGroup.Item
            key={each}
            value={each}
            className="theme-option"
            aria-label={NAME[each]}
            title={NAME[each]}
          >
            <Icon />
          </RadioGroup.Item>
        );
      })}
    </RadioGroup.Root>
  );
}
