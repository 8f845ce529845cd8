import type { Handler, Run, RunDecided } from '#contracts';
import { exchangeIds } from '#kernel';
import { createHttp, RUNS } from './http.ts';
import { Journal } from './journal.ts';
import type { RunPorts } from './ports.ts';
import { awaited, stateLine } from './view.ts';
import { createTeller } from './webhook.ts';
import { createWorker } from './worker.ts';

/** Questions that are answered in their own time. */
export interface Runs {
  /** Is this path, without its query, one of ours? */
  serves(path: string): boolean;
  /** To be asked only for paths that it serves. */
  readonly handle: Handler;
  /** Ends a run, whoever has it; as it then is, undefined when there is none. */
  cancel(id: string): Promise<Run | undefined>;
  /** Asks the question of a run once more, as a run of the same key; undefined when there is none. */
  resample(id: string): Promise<Run | undefined>;
  /**
   * A person says yes or no to a run that awaits approval, on whichever gateway. `done` is false where there was nothing
   * to decide any more; undefined when there is no such run.
   */
  decide(
    id: string,
    said: Omit<RunDecided, 'at'>,
  ): Promise<{ readonly run: Run; readonly done: boolean } | undefined>;
  /** The database is there: what was left is taken up again. */
  start(): Promise<void>;
  /** Nothing new is begun; what runs may come to its end. */
  quiesce(): void;
  stop(): Promise<void>;
}

export function createRuns(ports: RunPorts): Runs {
  const { clock, store } = ports;
  const journal = new Journal(ports);
  const teller = createTeller(ports);
  const worker = createWorker(ports, journal, () => teller.kick());
  let stopping = false;

  const cancel = async (id: string): Promise<Run | undefined> => {
    const at = clock.now();
    const run = await store.cancel(id, at, stateLine({ state: 'cancelled', at, outcome: 'cancelled' }));
    if (!run) return undefined;
    worker.cancel(id);
    journal.changed(id);
    teller.kick();
    return run;
  };

  const nextId = exchangeIds(clock);
  const newId = () => `run_${nextId()}`;
  const resample = async (id: string): Promise<Run | undefined> => {
    const known = await store.get(id);
    const asked = known && (await store.ask(id));
    if (!known || !asked) return undefined;
    const createdAt = clock.now();
    const { run } = await store.create({
      ...asked,
      id: newId(),
      ...(known.key !== undefined && { key: known.key }),
      endpoint: known.endpoint,
      model: known.model,
      ...(known.metadata && { metadata: known.metadata }),
      fingerprint: '',
      resampleOf: id,
      createdAt,
      // A yes was to one call. Whoever could ask once more without another would have been given two for it.
      event: stateLine({
        state: asked.approval ? 'awaiting_approval' : 'queued',
        at: createdAt,
        ...(asked.approval && { approval: awaited(asked.approval, createdAt) }),
      }),
    });
    if (asked.approval) teller.kick();
    else worker.kick();
    return run;
  };

  const decide: Runs['decide'] = async (id, { decision, by, reason }) => {
    const at = clock.now();
    const approval = { decision, by, at, ...(reason !== undefined && { reason }) };
    const trouble = `Refused by ${by}${reason === undefined ? '' : `: ${reason}`}`;
    const event =
      decision === 'approved'
        ? stateLine({ state: 'queued', at, approval })
        : stateLine({ state: 'cancelled', at, outcome: 'cancelled', trouble, approval });
    const found = await store.decide(id, approval, trouble, event);
    if (!found?.done) return found;
    journal.changed(id);
    if (decision === 'approved') worker.kick();
    else teller.kick();
    return found;
  };

  return {
    serves: (path) => path === RUNS || path.startsWith(`${RUNS}/`),
    handle: createHttp({
      ...ports,
      journal,
      cancel,
      resample,
      newId,
      begin: () => worker.kick(),
      tell: () => teller.kick(),
      stopping: () => stopping,
    }),
    cancel,
    resample,
    decide,
    async start() {
      await worker.start();
      teller.start();
    },
    quiesce() {
      stopping = true;
      worker.quiesce();
    },
    async stop() {
      stopping = true;
      await worker.stop();
      await teller.stop();
      journal.stop();
    },
  };
}
