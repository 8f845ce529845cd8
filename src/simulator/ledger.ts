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
  const of = (model: string): Mutable<Tally> => {
    const tally = models.get(model) ?? blank();
    models.set(model, tally);
    return tally;
  };
  return {
    asked(model: string): void {
      of(model).requests++;
    },
    settle(script: Script, played: Played): void {
      if (script.model === undefined) return;
      const tally = of(script.model);
      const sound = script.opening === 'answer' && script.ending === 'clean';
      if (played.how === 'left' && script.ending !== 'silence' && script.opening !== 'silence')
        tally.cancelled++;
      else if (!sound) tally.broken++;
      else if (script.bill) tally.completions++;
      else tally.refused++;
      if (script.bill && script.opening === 'answer')
        charge(tally, sound && played.how === 'finished' ? script.bill : partial(script.bill, played));
    },
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
