/** Instants as a person reads them. Everything else that is said of numbers is in `#contracts/say`. */
const digits = (n: number, width = 2): string => String(Math.floor(n)).padStart(width, '0');
export const clockTime = (at: number): string => {
  const d = new Date(at);
  return `${digits(d.getHours())}:${digits(d.getMinutes())}:${digits(d.getSeconds())}`;
};
/** Local, with the offset from UTC, so that two people on a call mean the same minute. */
export function timestamp(at: number): string {
  const d = new Date(at);
  const minutes = -d.getTimezoneOffset();
  const offset = `${minutes < 0 ? '−' : '+'}${digits(Math.abs(minutes) / 60)}:${digits(Math.abs(minutes) % 60)}`;
  return `${d.getFullYear()}-${digits(d.getMonth() + 1)}-${digits(d.getDate())} ${clockTime(at)}.${digits(d.getMilliseconds(), 3)} ${offset}`;
}
export const day = (at: number): string => timestamp(at).slice(0, 10);
