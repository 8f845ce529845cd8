import type { Lane, QuotaAxis } from '@midwatch/contracts';
import { MidwatchError } from './error.ts';

/** What may run out: an axis of the provider key's quota, or places of a target that bears so many calls at once. */
export type DeferredAxis = QuotaAxis | 'concurrency';

interface Deferral {
  /** `deadline`: no room before the deadline. `full`: as many as may wait already. `away`: the shared limits cannot be asked. */
  readonly why: 'deadline' | 'full' | 'away';
  readonly axis: DeferredAxis;
  readonly lane: Lane;
  /** `provider/model` whose key is short. */
  readonly scope: string;
  readonly retryAfterMs: number;
  /** A place is kept for whoever comes back at that time with the same key and user, or the same idempotency key. */
  readonly kept: boolean;
}

/**
 * Midwatch sends this call away for now, before anything was asked or billed, and says when it will be served. Not an error of
 * the provider's, and not one that trying at once could mend.
 */
export class QuotaDeferred extends MidwatchError implements Deferral {
  readonly why: Deferral['why'];
  readonly axis: DeferredAxis;
  readonly lane: Deferral['lane'];
  readonly scope: string;
  readonly retryAfterMs: number;
  readonly kept: boolean;

  constructor(message: string, deferral: Deferral, cause?: unknown) {
    const { retryAfterMs } = deferral;
    super(message, {
      code: 'quota_deferred',
      hint: 'Come back after retryAfterMs, with a later deadline, or in a more urgent lane.',
      status: 429,
      retryAfter: retryAfterMs,
      ...(cause !== undefined && { cause }),
    });
    this.why = deferral.why;
    this.axis = deferral.axis;
    this.lane = deferral.lane;
    this.scope = deferral.scope;
    this.retryAfterMs = retryAfterMs;
    this.kept = deferral.kept;
  }
}

interface Refused {
  readonly status?: number;
  readonly message?: string;
  readonly headers?: { get(name: string): string | null } | Readonly<Record<string, string | undefined>>;
}

/**
 * What a refused call means, whichever client made it: an error of OpenAI's or Anthropic's client, or a `Response`. Undefined
 * for everything else, a 429 of the provider's own among them.
 */
export function quotaDeferred(refused: unknown): QuotaDeferred | undefined {
  if (refused instanceof QuotaDeferred) return refused;
  if (typeof refused !== 'object' || refused === null) return undefined;
  const { status, headers, message } = refused as Refused;
  if (status !== 429 || !headers) return undefined;
  const told =
    typeof headers.get === 'function'
      ? headers.get(HEADER)
      : (headers as Readonly<Record<string, string | undefined>>)[HEADER];
  const deferral = told ? parse(told) : undefined;
  return (
    deferral &&
    new QuotaDeferred(
      message || `${deferral.scope} is short of ${deferral.axis} for ${deferral.retryAfterMs} ms.`,
      deferral,
      refused instanceof Error ? refused : undefined,
    )
  );
}

const HEADER = 'x-midwatch-deferred';

function parse(text: string): Deferral | undefined {
  const [why, ...rest] = text.split(';').map((part) => part.trim());
  const said = new Map(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=', 2);
      return [name, value] as const;
    }),
  );
  const retryAfterMs = Number(said.get('after') ?? Number.NaN);
  const [axis, lane, scope] = [said.get('axis'), said.get('lane'), plain(said.get('scope'))];
  if (!why || !axis || !lane || scope === undefined || !(retryAfterMs >= 0)) return undefined;
  return {
    why: why as Deferral['why'],
    axis: axis as DeferredAxis,
    lane: lane as Deferral['lane'],
    scope,
    retryAfterMs,
    kept: said.has('kept'),
  };
}

function plain(escaped: string | undefined): string | undefined {
  try {
    return escaped && decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
