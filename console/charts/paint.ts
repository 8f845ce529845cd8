import { useMemo } from 'react';
import { useDark } from '../parts/theme.ts';

const NAMES = [
  'ground',
  'ink',
  'ink-2',
  'ink-3',
  'line',
  'line-strong',
  'accent',
  'good',
  'good-fill',
  'short',
  'withheld',
  'broken',
  'left',
  'night',
] as const;
export type Paint = Readonly<Record<(typeof NAMES)[number], string>>;

/** A canvas knows no custom properties: a hidden element turns the tokens of the theme in force into plain colours. */
const readPaint = (): Paint => {
  const probe = document.createElement('i');
  probe.hidden = true;
  document.body.append(probe);
  const paint = Object.fromEntries(
    NAMES.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  ) as Record<(typeof NAMES)[number], string>;
  probe.remove();
  return paint;
};

export const usePaint = (): Paint => {
  const dark = useDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme decides what the tokens resolve to
  return useMemo(readPaint, [dark]);
};

export const CHART_FONT =
  '11px -apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", "Liberation Sans", sans-serif';
