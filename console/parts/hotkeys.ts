import { useEffect, useRef } from 'react';
import { now } from '../data/clock.ts';

/** Pairs of what is pressed, as `j`, `Enter` or `g w`, and what it does. */
type Keys = readonly (readonly [pressed: string, act: () => void])[];

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(input|textarea|select)$/i.test(target.tagName) ||
    target.closest('[role=menu]') !== null);

/**
 * Keys of a page: `j`, `Enter`, or two in a row as `g w`. Silent while somebody types, while a dialog is open and
 * together with modifiers, so that they never take a browser's own key away.
 */
export const useHotkeys = (keys: Keys): void => {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let before = '';
    let beforeAt = 0;
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target) || document.querySelector('dialog[open]')) return;
      const pair = now() - beforeAt < 1_000 ? `${before} ${event.key}` : '';
      const actOf = (pressed: string) => latest.current.find(([key]) => key === pressed)?.[1];
      const act = (pair === '' ? undefined : actOf(pair)) ?? actOf(event.key);
      before = event.key;
      beforeAt = now();
      if (!act) return;
      // Enter and Space belong to the control that has focus.
      if ((event.key === 'Enter' || event.key === ' ') && onControl(event.target)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
};

const onControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('a,button,summary,[role=tab],[role=radio]') !== null;
