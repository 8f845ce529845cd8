import type { ClaimedRun, Incoming, Protocol, RunEnd, RunEvent } from '#contracts';
import type { Journal } from './journal.ts';
import { type Given, judge } from './judge.ts';
import { Listener } from './listen.ts';
import type { RunPorts } from './ports.ts';
import { RUN_LINE, stateLine } from './view.ts';

/** One execution of a run, from the ticket to its end. */
export interface Execution {
  readonly run: string;
  /** Its end is known and being written down. */
  readonly ending: boolean;
  /** Somebody wants the run ended. */
  cancel(): void;
  /** The ticket is void, or we are stopping: says nothing more to anybody. */
  giveUp(): void;
}

export interface ExecutionPorts
  extends Pick<RunPorts, 'clock' | 'log' | 'store' | 'handler' | 'pass' | 'settings'> {
  readonly journal: Journal;
  readonly protocol: Protocol;
  /** We are stopping: what fails now fails for that reason and is left for the next process. */
  readonly stopping: () => boolean;
  /** The run is over, or postponed, or given up. */
  readonly over: () => void;
}

/** A process that dies over the same run again and again must not be killed by it for ever. */
const MOST_EXECUTIONS = 20;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 300_000;
const STORE_AGAIN = 500;

export function execute(ports: ExecutionPorts, claimed: ClaimedRun): Execution {
  const { clock, journal, store, log } = ports;
  const { run, execution } = claimed;
  let { seq } = claimed;
  let alive = true;
  let ending = false;
  const pass = ports.pass(run.key);

  const close = () => {
    if (!alive) return;
    alive = false;
    pass.end();
    ports.over();
  };
  const line = (name: string, data: string): void =>
    journal.add({ run: run.id, execution, seq: ++seq, name, data });

  const end = async (given: Omit<RunEnd, 'at'>): Promise<void> => {
    if (ending) return;
    ending = true;
    await journal.flush();
    const at = clock.now();
    const last: RunEvent = { seq: ++seq, name: RUN_LINE, data: stateLine({ ...given, at, execution }) };
    if (await persist(() => store.finish(run.id, execution, { ...given, at }, last)))
      log('info', 'run over', { run: run.id, state: given.state, execution });
    journal.changed(run.id);
    close();
  };

  /** Until the database takes it, or the ticket is void. */
  const persist = async <T>(write: () => Promise<T>): Promise<T | undefined> => {
    while (alive) {
      try {
        return await write();
      } catch (error) {
        log('warn', 'a run cannot be written yet', { run: run.id, error: String(error) });
        await clock.sleep(STORE_AGAIN);
      }
    }
    return undefined;
  };

  const again = async (wait: number): Promise<void> => {
    line(RUN_LINE, stateLine({ state: 'running', execution, at: clock.now(), again: wait }));
    await journal.flush();
    await persist(() => store.postpone(run.id, execution, wait));
    close();
  };

  const heard = async (given: Given): Promise<void> => {
    const verdict = judge(given);
    if (verdict.kind === 'over') return end(verdict.end);
    // Left as it is, held by us: the release at the end of this process frees it.
    if (ports.stopping()) return close();
    if (claimed.failures + 1 >= ports.settings().tries) return end(verdict.end);
    const usual = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** claimed.failures);
    const asked = Math.min(LONGEST_WAIT, verdict.after ?? 0);
    return again(Math.max(usual / 2, asked) + (clock.random() * usual) / 2);
  };

  const listener = new Listener({
    protocol: ports.protocol,
    line: (name, data) => {
      if (alive) line(name, data);
    },
    full: () => journal.full,
    whenRoom: (go) => journal.whenRoom(go),
    over: (given) => void heard(given),
  });

  const cancel = () => {
    if (!alive) return;
    const { exchange, acted } = listener;
    listener.hangUp();
    const state = acted ? 'cancelled_after_action' : 'cancelled';
    void end({ state, outcome: 'cancelled', ...(exchange !== undefined && { exchange }) });
  };

  const begin = () => {
    if (run.cancelling) return cancel();
    if (execution > MOST_EXECUTIONS)
      return void end({
        state: 'failed',
        outcome: 'error',
        trouble: `Given up: ${MOST_EXECUTIONS} processes ended while they carried it out.`,
      });
    line(RUN_LINE, stateLine({ state: 'running', execution, at: clock.now() }));
    ports.handler(incomingOf(claimed, pass.credential), listener)?.(claimed.ask);
  };
  // After the caller knows this execution: a refusal may come before `handler` returns.
  clock.after(0, begin);

  return {
    run: run.id,
    get ending() {
      return ending;
    },
    cancel,
    giveUp() {
      if (!alive) return;
      listener.hangUp();
      close();
    },
  };
}

/** The question as a call of its own from this machine; the run's id is its idempotency key for the provider. */
function incomingOf({ run, headers, ask }: ClaimedRun, credential: string | undefined): Incoming {
  return {
    method: 'POST',
    path: run.endpoint,
    query: '',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': String(ask.length),
      'idempotency-key': run.id,
      'x-midwatch-run': run.id,
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
    },
    peer: { address: '127.0.0.1', loopback: true },
  };
}
