import { z } from 'zod';
import type { EpochMs } from './ids.ts';
import type { Outcome } from './outcome.ts';
import type { Fields } from './wire.ts';

/**
 * A question that is answered in its own time: accepted with 202, kept in the database, carried out whatever becomes of the
 * caller or of the process, watched by resumable events.
 *
 * `awaiting_approval`: nothing is asked of a model before a person has said yes. `succeeded`: an answer that came to a good end. `degraded`: the same from another tier than intended. `refused`,
 * `truncated`, `invalid`: an answer, behind a 200, that is none of these. `failed`: no answer. `expired`: nobody got to it, or nobody said yes.
 * `cancelled_after_action`: cancelled when a tool call had been streamed, so that whoever watched may have acted on it.
 */
export const RUN_STATES = [
  'queued',
  'running',
  'awaiting_approval',
  'succeeded',
  'degraded',
  'refused',
  'truncated',
  'invalid',
  'failed',
  'cancelled',
  'cancelled_after_action',
  'expired',
] as const;
export type RunState = (typeof RUN_STATES)[number];

const OPEN: ReadonlySet<RunState> = new Set(['queued', 'running', 'awaiting_approval']);
export const isOver = (state: RunState): boolean => !OPEN.has(state);

export const RUN_DECISIONS = ['approved', 'refused'] as const;
export type RunDecision = (typeof RUN_DECISIONS)[number];

/** What became of the wish that a person says yes first. */
export interface RunApproval {
  /** After it the run expires. */
  readonly until: EpochMs;
  /** What whoever asked says to whoever decides. */
  readonly why?: string;
  readonly decision?: RunDecision;
  /** Name of the token that decided. */
  readonly by?: string;
  readonly at?: EpochMs;
  readonly reason?: string;
}

const reason = z.string().trim().min(1).max(500);
export const runApproveSchema = z.strictObject({ reason: reason.optional() });
/** Whoever asked is told why not. */
export const runRefuseSchema = z.strictObject({ reason });
export type RunApprove = z.input<typeof runApproveSchema>;
export type RunRefuse = z.input<typeof runRefuseSchema>;

/** What became of the news of a run's end. */
export const WEBHOOK_STATES = ['waiting', 'delivered', 'failed'] as const;
export type WebhookState = (typeof WEBHOOK_STATES)[number];

/** A run without its bodies. */
export interface Run {
  readonly id: string;
  readonly state: RunState;
  /** Id of the key it belongs to; absent for a caller that needed none. */
  readonly key?: string;
  /** Path on the data plane. */
  readonly endpoint: string;
  /** What the ask names. */
  readonly model: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** Put off until then, to a calmer hour; absent where it was not. */
  readonly beginsAt?: EpochMs;
  readonly startedAt?: EpochMs;
  readonly finishedAt?: EpochMs;
  /** How often a worker took it up; above 1 a process died over it or a transport failure was tried again. */
  readonly executions: number;
  /** Somebody wants it ended. */
  readonly cancelling: boolean;
  readonly outcome?: Outcome;
  /** HTTP status of the answer. */
  readonly status?: number;
  /** Of the last execution. */
  readonly exchange?: string;
  /** Why there is no good answer; a sentence for a person. */
  readonly trouble?: string;
  /** The run whose question this one asks once more. */
  readonly resampleOf?: string;
  /** Absent where nobody had to be asked. */
  readonly approval?: RunApproval;
  readonly webhook?: {
    readonly url: string;
    readonly state: WebhookState;
    readonly tries: number;
  };
}

export const runFilterSchema = z.object({
  state: z.enum(RUN_STATES).optional(),
  key: z.string().optional(),
});
export type RunFilter = z.output<typeof runFilterSchema>;

export interface RunPage {
  readonly rows: readonly Run[];
  /** Give it back as `cursor` for the next, older page; absent at the end. */
  readonly next?: string;
}

export interface RunDetail {
  readonly run: Run;
  /** What was asked, of a run that asked for approval; for those alone who may give it, since it is kept unmasked. */
  readonly ask?: unknown;
  /** As the endpoint gave it, or the messages that a stream amounts to; absent while there is none. */
  readonly answer?: unknown;
}

/** One line of what happened in a run; `seq` counts from 1 without a gap and is never given twice. */
export interface RunEvent {
  readonly seq: number;
  /** `run` for a change of state; else the name of the provider's event, empty when it has none. */
  readonly name: string;
  readonly data: string;
}

export const runEventQuerySchema = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Number of the last event that is known.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});
export type RunEventQuery = z.output<typeof runEventQuerySchema>;

/** What happened after an event, in order. */
export interface RunEvents {
  readonly events: readonly RunEvent[];
  /** The run is over and nothing comes after these. */
  readonly over: boolean;
}

export interface NewRun {
  readonly id: string;
  readonly key?: string;
  readonly endpoint: string;
  readonly model: string;
  readonly ask: Uint8Array;
  /** Hash of everything that was sent, so that an idempotency key used for something else is found out. */
  readonly fingerprint: string;
  readonly idempotencyKey?: string;
  /** What of the caller's headers goes with the question; no credential. */
  readonly headers: Fields;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** Not to be taken up before. */
  readonly beginsAt?: EpochMs;
  readonly resampleOf?: string;
  /** A person has to say yes first, within so many milliseconds. */
  readonly approval?: { readonly within: number; readonly why?: string };
  readonly webhook?: { readonly url: string; readonly secret: string };
  /** The first event. */
  readonly event: string;
}

/** A run that a worker has taken up. `execution` is its ticket: whoever holds an older one can write nothing any more. */
export interface ClaimedRun {
  readonly run: Run;
  readonly execution: number;
  /** Earlier executions that ended in a transport failure. */
  readonly failures: number;
  readonly ask: Uint8Array;
  readonly headers: Fields;
  /** Last event written. */
  readonly seq: number;
}

export interface RunEnd {
  readonly state: RunState;
  readonly at: EpochMs;
  readonly outcome?: Outcome;
  readonly status?: number;
  readonly exchange?: string;
  readonly trouble?: string;
  readonly answer?: Uint8Array;
}

export interface RunLine extends RunEvent {
  readonly run: string;
  readonly execution: number;
}

export interface DueWebhook {
  readonly run: Run;
  readonly url: string;
  readonly secret: string;
  /** Tries before this one. */
  readonly tries: number;
}

/** What a person said of a run. */
export interface RunDecided {
  readonly decision: RunDecision;
  readonly by: string;
  readonly at: EpochMs;
  readonly reason?: string;
}

/** Where runs live. Every method may reject with `StoreUnavailable`. Leases are kept by the database's own clock. */
export interface RunStore {
  /** `existed`: the key was used before with this idempotency key; nothing was written then. */
  create(run: NewRun): Promise<{ readonly run: Run; readonly existed: boolean; readonly same: boolean }>;
  get(id: string): Promise<Run | undefined>;
  /** The question as it was asked, for asking it once more. */
  ask(id: string): Promise<Pick<NewRun, 'ask' | 'headers' | 'approval'> | undefined>;
  answer(id: string): Promise<Uint8Array | undefined>;
  /** Newest first. `key` undefined lists all; `''` those that belong to none. @throws RangeError for a cursor of nobody's */
  list(filter: RunFilter, page: { readonly cursor?: string; readonly limit: number }): Promise<RunPage>;
  /**
   * Up to `limit` runs that nobody holds, oldest first, now held by `worker` for `leaseMs`. `active`: those that it carries out; a
   * lease of its own that ran out while it stood still is no reason to ask a second time.
   */
  claim(
    worker: string,
    leaseMs: number,
    limit: number,
    active?: readonly string[],
  ): Promise<readonly ClaimedRun[]>;
  /** Holds what the worker still has; those among `ids` that it has lost are absent, those to be cancelled marked. */
  renew(
    worker: string,
    leaseMs: number,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly cancelling: boolean }>>;
  /** Lets go of whatever the worker holds, so that anybody may take it up at once. */
  release(worker: string): Promise<void>;
  /** Writes lines of any number of runs, all or none; lines of an execution that is no longer the run's are left out. */
  append(lines: readonly RunLine[]): Promise<void>;
  /** Ends the run and writes its last line. False when the execution is no longer the run's. */
  finish(id: string, execution: number, end: RunEnd, line: RunEvent): Promise<boolean>;
  /** Lets go of a run whose execution failed, to be taken up again after `delayMs`. */
  postpone(id: string, execution: number, delayMs: number): Promise<void>;
  /**
   * Queues a run that awaits approval, or ends it as cancelled, with `event` as its next line; the end is told with `trouble`.
   * `done` is false for one that no longer awaits it, or whose time is up: nothing is written then.
   */
  decide(
    id: string,
    decided: RunDecided,
    trouble: string,
    event: string,
  ): Promise<{ readonly run: Run; readonly done: boolean } | undefined>;
  /** Ends with `event` runs whose approval nobody gave in time; their ids. */
  lapse(at: EpochMs, trouble: string, event: string): Promise<readonly string[]>;
  /** A run that nobody holds, queued, put off or awaiting approval, ends at once, with `event` as its last line; a running one is marked. The run as it then is. */
  cancel(id: string, at: EpochMs, event: string): Promise<Run | undefined>;
  /** After `seq`, in order. */
  events(id: string, after: number, limit: number): Promise<readonly RunEvent[]>;
  /** News that are due, held for `leaseMs` while they are told. */
  dueWebhooks(leaseMs: number, limit: number): Promise<readonly DueWebhook[]>;
  /** `of`: the state that was told; where the run has moved on since, nothing is written. `retryMs`: when to tell it again; undefined: never. */
  toldWebhook(id: string, of: RunState, state: WebhookState, retryMs?: number): Promise<void>;
  /** Forgets runs that ended before `endedBefore`, and ends with `event` those queued, approved or put off until, before `queuedBefore`. */
  sweep(limits: {
    readonly endedBefore: EpochMs;
    readonly queuedBefore: EpochMs;
    readonly at: EpochMs;
    readonly event: string;
  }): Promise<{ readonly forgotten: number; readonly expired: number }>;
}
