import type { Observed } from './observe.ts';
import type { Ending } from './types.ts';

/** Refusals of the moment rather than of the request: replaying them would test yesterday's weather. */
const PASSING = new Set([401, 403, 408, 409, 425, 429]);

/** The end of a stream in any of the dialects, and an error event in the middle of one. */
const FINISHED =
  /^data: ?\[DONE\]|"finish_reason": ?"|"type": ?"(message_stop|response\.(completed|incomplete|failed))"/m;
const BROKEN = /^event: ?error\r?$|^data: ?\{"(error"|type": ?"error")/m;

export const isStream = ({ headers }: Pick<Observed, 'headers'>): boolean =>
  /^text\/event-stream/i.test(headers['content-type'] ?? '');

/** How an answer ended. A stream that closes without a reason for the end is `unfinished`, whatever the transport says. */
export function endingOf(observed: Observed): Ending {
  if (observed.cancelled && !isStream(observed)) return 'left';
  if (observed.trouble) return observed.trouble.kind;
  const status = observed.status ?? 0;
  if (status >= 500 || PASSING.has(status)) return 'failed';
  if (!isStream(observed)) return 'whole';
  const text = Buffer.concat((observed.reads ?? []).map((r) => r.bytes)).toString('utf8');
  if (BROKEN.test(text)) return 'failed';
  if (FINISHED.test(text)) return 'whole';
  return observed.cancelled ? 'left' : 'unfinished';
}
