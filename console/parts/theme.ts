import { useSyncExternalStore } from 'react';

export const THEMES = ['light', 'dark', 'system'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'midwatch.theme';
const watchers = new Set<() => void>();

const stored = (): Theme => {
  const value = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === value) ?? 'system';
};
let theme: Theme = 'system';

const apply = (): void => {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const watcher of watchers) watcher();
};
/** Before the first render, so that the chosen theme is there with the first paint. */
export const startTheme = (): void => {
  theme = stored();
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply());
};
export const setTheme = (next: Theme): void => {
  theme = next;
  localStorage.setItem(KEY, next);
  apply();
};
const subscribe = (watcher: () => void): (() => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};
export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => theme);
const isDark = (): boolean =>
  theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
/** For what is drawn on a canvas and has to be drawn again. */
export const useDark = (): boolean => useSyncExternalStore(subscribe, isDark);
