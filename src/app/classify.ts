import type { Clock, Redactor, Transport } from '#contracts';
import type { Classify } from '#routers';

/** An answer is one number; whatever is longer is something else. */
const LONGEST = 4_096;
const HEADERS = Object.freeze({
  'content-type': 'application/json',
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'midwatch',
});

/** Asks a classifier of the user's own, and gives up at its deadline; secrets in the text are masked before it leaves. */
export const createClassify =
  (transport: Transport, redactor: Redactor, clock: Clock): Classify =>
  ({ url, timeout }, { text, ...question }) =>
    new Promise((resolve) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      let status = 0;
      const body = Buffer.from(JSON.stringify({ ...question, text: redactor.secrets(text).text }));
      const settle = (answer: number | 'late' | 'failed') => {
        cancelTimer();
        resolve(answer);
      };
      const cancelTimer = clock.after(timeout, () => {
        call.cancel();
        resolve('late');
      });
      const call = transport(
        { url, method: 'POST', headers: HEADERS, body },
        {
          connected: () => undefined,
          head(code) {
            status = code;
          },
          data(bytes) {
            size += bytes.length;
            if (size <= LONGEST) chunks.push(bytes);
          },
          end: () => settle(status === 200 && size <= LONGEST ? read(Buffer.concat(chunks)) : 'failed'),
          fail: () => settle('failed'),
        },
      );
    });

function read(bytes: Buffer): number | 'failed' {
  try {
    const { p } = JSON.parse(bytes.toString('utf8')) as { readonly p?: unknown };
    return typeof p === 'number' && p >= 0 && p <= 1 ? p : 'failed';
  } catch {
    // No JSON, or null: it has no answer, which is counted and shown.
    return 'failed';
  }
}
