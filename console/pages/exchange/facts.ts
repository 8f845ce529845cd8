import type { Attempt, Exchange, ExchangeDetail, Usage } from '@midwatch/contracts';
import { compareModel } from '../../parts/models.ts';
import { AXIS_NAMES } from './axes.ts';

export const TOKEN_KINDS = [
  ['input', 'Input'],
  ['cacheRead', 'Cache read'],
  ['cacheWrite', 'Cache write'],
  ['cacheWriteLong', 'Cache write, 1 h'],
  ['output', 'Output'],
  ['reasoning', 'Reasoning'],
  ['audioIn', 'Audio in'],
  ['audioOut', 'Audio out'],
  ['imageIn', 'Image in'],
  ['imageOut', 'Image out'],
] as const satisfies readonly (readonly [keyof Usage, string])[];

export interface CostLine {
  readonly kind: string;
  readonly tokens: number;
  /** By attempt; absent where nothing was priced. */
  readonly microUsd: readonly (number | undefined)[];
  readonly total: number | undefined;
}
export interface CostTable {
  readonly lines: readonly CostLine[];
  readonly attempts: readonly Attempt[];
  /** What the attempts cost together differs from what the exchange says it cost: a fault in the record. */
  readonly off: number;
}

/** Token kinds by attempts. Kinds that nobody used are left out; a part this console does not know keeps its own name. */
export const costTable = ({ attempts, cost }: Exchange): CostTable => {
  const known = new Set<string>(TOKEN_KINDS.map(([kind]) => kind));
  const others = new Set<string>();
  for (const attempt of attempts)
    for (const part of Object.keys(attempt.cost.parts ?? {})) if (!known.has(part)) others.add(part);
  const lineOf = (kind: string, label: string): CostLine => {
    const microUsd = attempts.map((attempt) => attempt.cost.parts?.[kind]);
    const priced = microUsd.filter((each) => each !== undefined);
    return {
      kind: label,
      tokens: attempts.reduce(
        (sum, attempt) => sum + (known.has(kind) ? Number(attempt.usage[kind as keyof Usage]) : 0),
        0,
      ),
      microUsd,
      total: priced.length === 0 ? undefined : priced.reduce((sum, each) => sum + each, 0),
    };
  };
  const lines = [
    ...TOKEN_KINDS.map(([kind, label]) => lineOf(kind, label)),
    ...[...others].map((kind) => lineOf(kind, kind.replaceAll('_', ' '))),
  ].filter((line) => line.tokens > 0 || (line.total ?? 0) !== 0);
  return {
    lines,
    attempts,
    off: cost.microUsd - attempts.reduce((sum, attempt) => sum + attempt.cost.microUsd, 0),
  };
};

export interface Bar {
  readonly attempt: Attempt;
  /** Shares of the whole exchange, 0 to 1. */
  readonly start: number;
  readonly firstToken: number | undefined;
  readonly end: number;
}
/** Attempts on one time line that begins with the ask. Attempts may overlap: hedges do. */
export const timeline = ({
  at,
  attempts,
  timing,
}: Exchange): { readonly span: number; readonly bars: readonly Bar[] } => {
  const span = Math.max(
    1,
    timing.total,
    ...attempts.map((attempt) => attempt.startedAt - at + attempt.timing.total),
  );
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / span));
  return {
    span,
    bars: attempts.map((attempt) => {
      const start = attempt.startedAt - at;
      const { firstToken, total } = attempt.timing;
      return {
        attempt,
        start: share(start),
        firstToken: firstToken === undefined ? undefined : share(start + firstToken),
        end: share(start + total),
      };
    }),
  };
};

export interface AxisLine {
  readonly name: string;
  readonly declared?: string;
  readonly observed?: string;
  readonly note?: string;
  readonly differs?: boolean;
}
/** A route may send another name than the one asked for; what is served is compared with what was sent. */
const noteOf = (sent: string | undefined, served: string | undefined) =>
  sent === undefined || served === undefined ? {} : NOTES[compareModel(sent, served)];
const NOTES = {
  same: { note: 'as sent' },
  resolved: { note: 'alias, resolved' },
  other: { note: 'another model', differs: true },
} as const;

/** What was declared beside what was seen. Only the model is in both, so only there can they disagree. */
export const axisLines = ({
  axes,
  exchange,
}: Pick<ExchangeDetail, 'axes' | 'exchange'>): readonly AxisLine[] => {
  const { observed } = exchange;
  const lines: AxisLine[] = [];
  for (const name of AXIS_NAMES) {
    const declared = axes[name];
    if (name === 'model') {
      lines.push({
        name,
        ...(declared === undefined ? {} : { declared }),
        ...(observed.model === undefined ? {} : { observed: observed.model }),
        ...noteOf(exchange.attempts.at(-1)?.model ?? declared, observed.model),
      });
    } else if (declared !== undefined) lines.push({ name, declared });
  }
  for (const [name, value] of [
    ['fingerprint', observed.fingerprint],
    ['service tier', observed.serviceTier],
    ['region', observed.region],
  ] as const) {
    if (value !== undefined) lines.push({ name, observed: value });
  }
  return lines;
};
