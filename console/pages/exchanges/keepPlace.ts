import type { ExchangeRow } from '@midwatch/contracts';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

/**
 * Rows that come in above must not push away the line somebody reads: while the list is scrolled down, it moves along by
 * as much. Returns how many came in unseen.
 */
export const useKeepPlace = (
  rows: readonly ExchangeRow[],
  scroller: { readonly current: HTMLDivElement | null },
  size: number,
): number => {
  const top = useRef(rows[0]?.id);
  const [above, setAbove] = useState(0);
  useLayoutEffect(() => {
    const was = top.current;
    const first = rows[0]?.id;
    if (was === first) return;
    top.current = first;
    const added = rows.findIndex((row) => row.id === was);
    const element = scroller.current;
    if (added <= 0 || !element || element.scrollTop < size) {
      setAbove(0);
      return;
    }
    element.scrollTop += added * size;
    setAbove((before) => before + added);
  }, [rows, scroller, size]);
  useEffect(() => {
    const element = scroller.current;
    const seen = (): void => {
      if (element && element.scrollTop < size) setAbove(0);
    };
    element?.addEventListener('scroll', seen, { passive: true });
    return () => element?.removeEventListener('scroll', seen);
  }, [scroller, size]);
  return above;
};
