import { InvalidArgumentError, Option } from 'commander';
import { duration } from '#contracts';

/** What a flag holds, read and refused the same way by every verb. */

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('write a number above 0.');
  return value;
}

export function shareOf(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('write a share from 0 to 1, or 30%.');
  return value;
}

export function millis(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('write a duration like 10s, 2h or 1d.');
  return parsed.data;
}

/** A flag that holds a duration; its default is shown as it would be written. */
export const durationFlag = (flags: string, says: string, otherwise: string): Option =>
  new Option(flags, says).argParser(millis).default(millis(otherwise), otherwise);
