import { useSyncExternalStore } from 'react';
import { after } from '../data/clock.ts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'done' | 'failed';
}
let toasts: readonly Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();
const show = (next: readonly Toast[]): void => {
  toasts = next;
  for (const watcher of watchers) watcher();
};
const subscribe = (watcher: () => void): (() => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

/** Says in one line what was done or why it was not. Failures stay longer: they are read, not glanced at. */
export const toast = (text: string, kind: Toast['kind'] = 'done'): void => {
  last += 1;
  const id = last;
  show([...toasts.slice(-2), { id, text, kind }]);
  after(kind === 'done' ? 3_000 : 8_000, () => show(toasts.filter((each) => each.id !== id)));
};

export function Toasts() {
  const list = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map((each) => (
        <p key={each.id} className={`toast toast-${each.kind}`}>
          {each.text}
        </p>
      ))}
    </div>
  );
}
