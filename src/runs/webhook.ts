import { type Clock, type DueWebhook, isOver, type Run, type Transport } from '#contracts';
import { patiently } from '#kernel';
import type { RunPorts } from './ports.ts';
import { told } from './view.ts';

/** How long a receiver may take. */
const PATIENCE = 10_000;
/** Longer than a try takes, so that nobody else tells the same news meanwhile. */
const LEASE = 30_000;
const LOOK = 1_000;
const AT_ONCE = 50;
/** Waits between tries, milliseconds: a restart is bridged in seconds, an outage over a night. */
const WAITS = [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 43_200_000] as const;

export interface Teller {
  start(): void;
  /** A run has ended. */
  kick(): void;
  stop(): Promise<void>;
}

/** Tells receivers of the ends of runs, and of those that await approval: at least once, each time under the same event id, signed. */
export function createTeller({ clock, store, log, transport }: RunPorts): Teller {
  let stopping = false;
  let cancel: () => void = () => undefined;
  let telling: Promise<void> | undefined;

  const tell = async ({ run, url, secret, tries }: DueWebhook): Promise<void> => {
    const at = clock.now();
    const body = JSON.stringify({
      id: eventId(run),
      type: `run.${run.state}`,
      created_at: run.finishedAt ?? run.createdAt,
      data: told(run),
    });
    const status = await post(transport, clock, url, body, {
      'content-type': 'application/json',
      'user-agent': 'midwatch',
      'x-midwatch-event': eventId(run),
      'x-midwatch-run': run.id,
      'x-midwatch-signature': sign(secret, Math.floor(at / 1000), body),
    });
    if (typeof status === 'number' && status >= 200 && status < 300)
      return store.toldWebhook(run.id, run.state, 'delivered');
    const wait = status === 410 ? undefined : WAITS[tries];
    log('warn', 'webhook not delivered', { run: run.id, why: String(status), again: wait ?? 'never' });
    if (wait === undefined) return store.toldWebhook(run.id, run.state, 'failed');
    return store.toldWebhook(run.id, run.state, 'waiting', wait * (0.8 + 0.4 * clock.random()));
  };

  const round = async (): Promise<void> => {
    while (!stopping) {
      const due = await store.dueWebhooks(LEASE, AT_ONCE);
      await Promise.all(due.map(tell));
      if (due.length < AT_ONCE) return;
    }
  };

  const look = (): void => {
    if (stopping) return;
    telling ??= round()
      .catch((error: unknown) => log('debug', 'webhooks cannot be looked for', { error: String(error) }))
      .finally(() => {
        telling = undefined;
      });
  };

  return {
    start() {
      cancel = clock.every(LOOK, look);
      look();
    },
    kick: look,
    async stop() {
      stopping = true;
      cancel();
      await telling;
    },
  };
}

/** The news of an end, or that somebody has to decide: each the same whenever it is told, so that a receiver can tell a repetition. */
export const eventId = ({ id, state }: Pick<Run, 'id' | 'state'>): string =>
  `${id.replace(/^run_/, 'evt_')}${isOver(state) ? '' : `_${state}`}`;

/** `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`: the time is signed, too, so that an old message cannot be sent anew. */
export function sign(secret: string, seconds: number, body: string): string {
  const mac = new Bun.CryptoHasher('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

/** The status of the answer, or what kept it from coming. A redirect is not followed: it would carry the news elsewhere. */
function post(
  transport: Transport,
  clock: Clock,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | string> {
  return new Promise((resolve) => {
    let status = 0;
    const request = { url, method: 'POST', headers, body: new TextEncoder().encode(body) };
    // Of time in which we could hear it: an answer that lies unread after a pause of our own would be told again.
    const impatient = patiently(clock, PATIENCE, () => {
      call.cancel();
      resolve(`no answer within ${PATIENCE} ms`);
    });
    const settle = (value: number | string) => {
      impatient();
      resolve(value);
    };
    const call = transport(request, {
      connected: () => undefined,
      head: (code) => {
        status = code;
      },
      data: () => undefined,
      end: () => settle(status),
      fail: ({ kind, detail }) => settle(`${kind}: ${detail}`),
    });
  });
}
