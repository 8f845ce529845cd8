import { expect, test } from 'bun:test';
import { contrast, readTokens } from './tokens.ts';

const css = await Bun.file(new URL('./tokens.css', import.meta.url)).text();
const tokens = readTokens(css);
const grounds = ['ground', 'raised', 'sunken', 'hover', 'selected'];
const themes = ['light', 'dark'] as const;

const ratio = (theme: 'light' | 'dark', front: string, back: string): number => {
  const a = tokens.get(front);
  const b = tokens.get(back);
  if (!a || !b) throw new Error(`no colour named ${a ? back : front}`);
  return contrast(a[theme], b[theme]);
};

test('the ratio is the one WCAG defines', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

for (const theme of themes) {
  for (const front of ['ink', 'ink-2', 'ink-3', 'accent', 'good', 'short', 'withheld', 'broken', 'left']) {
    for (const back of grounds) {
      test(`${theme}: text ${front} on ${back} is AA`, () => {
        expect(ratio(theme, front, back)).toBeGreaterThanOrEqual(4.5);
      });
    }
  }
  for (const [front, back] of [
    ['accent-ink', 'accent'],
    ['ink', 'accent-wash'],
    ['ink-2', 'accent-wash'],
    ['accent', 'accent-wash'],
    ['ink', 'alarm-wash'],
    ['ink-2', 'alarm-wash'],
    ['broken', 'alarm-wash'],
    ['code-key', 'sunken'],
    ['code-string', 'sunken'],
    ['code-number', 'sunken'],
  ] as const) {
    test(`${theme}: text ${front} on ${back} is AA`, () => {
      expect(ratio(theme, front, back)).toBeGreaterThanOrEqual(4.5);
    });
  }
  test(`${theme}: edges of controls and the focus ring reach 3:1`, () => {
    for (const back of ['ground', 'raised']) {
      expect(ratio(theme, 'edge', back)).toBeGreaterThanOrEqual(3);
      expect(ratio(theme, 'accent', back)).toBeGreaterThanOrEqual(3);
    }
  });
}

test('no other stylesheet names a colour', async () => {
  for await (const path of new Bun.Glob('*.css').scan(new URL('.', import.meta.url).pathname)) {
    if (path === 'tokens.css') continue;
    const text = await Bun.file(new URL(path, import.meta.url)).text();
    expect({ path, colours: text.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(/gi) }).toEqual({
      path,
      colours: null,
    });
  }
});
