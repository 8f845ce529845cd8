/** Instants as a person reads them. Everything else that is said of numbers is in `@midwatch/contracts/say`. */
import { span } from '@midwatch/contracts/say';

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
export const clockTime = (at: number): string => {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
};
export const day = (at: number): string => {
  const d = new Date(at);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
};
export const millis = (at: number): string => `${clockTime(at)}.${pad(new Date(at).getMilliseconds(), 3)}`;

/** Time alone today, with the day otherwise. */
export const localTime = (at: number, today: number): string =>
  day(at) === day(today) ? clockTime(at) : `${day(at).slice(5)} ${clockTime(at)}`;
export const localFull = (at: number): string => `${day(at)} ${millis(at)}`;
/** For hovering: 2026-11-21 12:05:11.042 UTC. */
export const utc = (at: number): string =>
  `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

/** A round duration on an axis, without the zeros that only line up columns: 30 s, 1 s, 0.5 ms. */
export const durationTick = (ms: number): string =>
  span(ms)
    .replace(/(\.\d*?)0+(?= )/, '$1')
    .replace('. ', ' ');
