import type { EpochMs, Run, RunApproval, RunEnd, RunState } from '#contracts';

/** Name of the events that tell of the run itself; all others are the provider's own. */
export const RUN_LINE = 'run';

export const pathOf = (id: string): string => `/v1/runs/${id}`;

/** What a caller of the data plane is told of a run: names as OpenAI writes them, times in milliseconds. */
export function told(run: Run, answer?: unknown): Readonly<Record<string, unknown>> {
  const self = pathOf(run.id);
  return {
    id: run.id,
    run_id: run.id,
    object: 'run',
    status: run.state,
    endpoint: run.endpoint,
    model: run.model,
    created_at: whole(run.createdAt),
    begins_at: whole(run.beginsAt),
    started_at: whole(run.startedAt),
    finished_at: whole(run.finishedAt),
    executions: run.executions,
    cancelling: run.cancelling,
    outcome: run.outcome ?? null,
    http_status: run.status ?? null,
    exchange: run.exchange ?? null,
    error: run.trouble === undefined ? null : { message: run.trouble, code: run.outcome ?? run.state },
    ...(answer !== undefined && { answer }),
    metadata: run.metadata ?? {},
    resample_of: run.resampleOf ?? null,
    approval: run.approval === undefined ? null : approvalOf(run.approval),
    webhook: run.webhook ?? null,
    urls: { self, events: `${self}/events`, cancel: `${self}/cancel`, resample: `${self}/resample` },
  };
}

const approvalOf = ({ until, at, ...said }: Partial<RunApproval>) => ({
  ...(until !== undefined && { until: Math.round(until) }),
  ...said,
  ...(at !== undefined && { at: Math.round(at) }),
});

/** As its first event tells it; the database, whose clock decides, may differ by milliseconds. */
export const awaited = (
  { within, why }: { readonly within: number; readonly why?: string },
  at: EpochMs,
): Partial<RunApproval> => ({ until: at + within, ...(why !== undefined && { why }) });

const whole = (at: EpochMs | undefined): number | null => (at === undefined ? null : Math.round(at));

interface StateLine extends Partial<Omit<RunEnd, 'at' | 'answer' | 'state'>> {
  readonly state: RunState;
  readonly at: EpochMs;
  readonly execution?: number;
  /** When it is taken up at the earliest. */
  readonly beginsAt?: EpochMs;
  /** What is asked of a person, or what that person said. */
  readonly approval?: Partial<RunApproval>;
  /** Milliseconds until the same question is sent again. */
  readonly again?: number;
}

/** Data of a `run` event. With a second execution, what earlier ones streamed is void. */
export const stateLine = (line: StateLine): string =>
  JSON.stringify({
    status: line.state,
    at: whole(line.at),
    begins_at: line.beginsAt === undefined ? undefined : whole(line.beginsAt),
    approval: line.approval && approvalOf(line.approval),
    execution: line.execution,
    outcome: line.outcome,
    http_status: line.status,
    exchange: line.exchange,
    error: line.trouble === undefined ? undefined : { message: line.trouble },
    again_in_ms: line.again === undefined ? undefined : Math.round(line.again),
  });

/** The state that a `run` event tells. */
export function stateIn(data: string): RunState | undefined {
  try {
    return (JSON.parse(data) as { status?: RunState }).status;
  } catch {
    return undefined;
  }
}
