import type { Script, TokenUsage } from './script.ts';
import { NO_TOKENS } from './usage.ts';
import type { Played } from './wire/play.ts';

/** What one model did, so that a test can reconcile its own bill with the provider's. */
export interface Tally {
  /** Calls that named the model, whatever became of them. */
  readonly requests: number;
  /** Answers that reached their planned end. Truncated, refused and filtered answers are complete in this sense. */
  readonly completions: number;
  /** Answered with an error status. */
  readonly refused: number;
  /** Torn, cut or stalled by a fault. */
  readonly broken: number;
  /** The caller left before the end. */
  readonly cancelled: number;
  /** Billed. Whole for a completion; for a broken or cancelled answer all input and the output sent so far. */
  readonly tokens: TokenUsage;
  /** By the world's prices; 0 for a model without any. */
  readonly microUsd: number;
}

/** US dollars for a million tokens. */
export interface Prices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

export interface Ledger {
  readonly models: Readonly<Record<string, Tally>>;
  readonly total: Tally;
}

/** One call on the bill. What was refused, or never answered, is not on it. */
export interface BillLine {
  /** As the answer's headers said it. */
  readonly requestId: string;
  /** As the caller named it. */
  readonly model: string;
  /** False: cancelled or broken, and billed for its input and what was sent. */
  readonly whole: boolean;
  readonly tokens: TokenUsage;
  /** Rounded for each call alone, as an invoice line is. */
  readonly microUsd: number;
}

/** Answers `GET /sim/bill`: what a provider would charge, call by call, for whoever wants to compare his own books. */
export interface Bill {
  /** Sum over all calls, those no longer listed too. */
  readonly microUsd: number;
  readonly count: number;
  /** The newest, oldest first. */
  readonly calls: readonly BillLine[];
}

/** Lines kept for the bill; its sums are over all. */
const MOST_LINES = 20_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends TokenUsage ? Mutable<TokenUsage> : T[K] };

const blank = (): Mutable<Tally> => ({
  requests: 0,
  completions: 0,
  refused: 0,
  broken: 0,
  cancelled: 0,
  tokens: { ...NO_TOKENS },
  microUsd: 0,
});

export function ledger(pricesOf: (model: string) => Prices | undefined) {
  const models = new Map<string, Mutable<Tally>>();
  let lines: BillLine[] = [];
  let count = 0;
  let billed = 0;
  const write = (line: BillLine) => {
    count++;
    billed += line.microUsd;
    lines.push(line);
    if (lines.length >= 2 * MOST_LINES) lines = lines.slice(-MOST_LINES);
  };
  const of = (model: string): Mutable<Tally> => {
    const tally = models.get(model) ?? blank();
    models.set(model, tally);
    return tally;
  };
  return {
    asked(model: string): void {
      of(model).requests++;
    },
    /** What the call is billed; undefined when nothing is. */
    settle(script: Script, played: Played): TokenUsage | undefined {
      if (script.model === undefined) return undefined;
      const tally = of(script.model);
      const sound = script.opening === 'answer' && script.ending === 'clean';
      if (played.how === 'left' && script.ending !== 'silence' && script.opening !== 'silence')
        tally.cancelled++;
      else if (!sound) tally.broken++;
      else if (script.bill) tally.completions++;
      else tally.refused++;
      if (!script.bill || script.opening !== 'answer') return undefined;
      const whole = sound && played.how === 'finished';
      const tokens = whole ? script.bill : partial(script.bill, played);
      charge(tally, tokens);
      const { model, requestId = '' } = script;
      write({ requestId, model, whole, tokens, microUsd: cost(tokens, pricesOf(model)) });
      return tokens;
    },
    bill: (): Bill => ({ microUsd: billed, count, calls: lines.slice(-MOST_LINES) }),
    read(): Ledger {
      const total = blank();
      const out: Record<string, Tally> = {};
      for (const [model, tally] of models) {
        const microUsd = cost(tally.tokens, pricesOf(model));
        out[model] = { ...tally, tokens: { ...tally.tokens }, microUsd };
        total.requests += tally.requests;
        total.completions += tally.completions;
        total.refused += tally.refused;
        total.broken += tally.broken;
        total.cancelled += tally.cancelled;
        total.microUsd += microUsd;
        charge(total, tally.tokens);
      }
      return { models: out, total };
    },
  };
}

function charge(tally: Mutable<Tally>, usage: TokenUsage): void {
  for (const kind of Object.keys(NO_TOKENS) as (keyof TokenUsage)[]) tally.tokens[kind] += usage[kind];
}

/** Reasoning comes before anything visible, so what was sent pays for reasoning first. */
function partial(usage: TokenUsage, { tokens }: Played): TokenUsage {
  const reasoning = Math.min(usage.reasoning, tokens);
  return { ...usage, reasoning, output: Math.min(usage.output, tokens - reasoning) };
}

function cost(t: TokenUsage, prices: Prices | undefined): number {
  if (!prices) return 0;
  const { input, output, cacheRead = input, cacheWrite = input } = prices;
  return Math.round(
    (t.input + t.audioIn + t.imageIn) * input +
      t.cacheRead * cacheRead +
      (t.cacheWrite + t.cacheWriteLong) * cacheWrite +
      (t.output + t.reasoning) * output,
  );
}
