import { calcPrice } from '@pydantic/genai-prices';
import type { Cost, Pricer, Usage } from '#contracts';

/** US dollars per million tokens, from the configuration. */
export interface ModelRates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly cacheWriteLong?: number;
  readonly audioIn?: number;
  readonly audioOut?: number;
}

/** By name under `providers` in the configuration. */
export interface PriceOverrides {
  readonly [provider: string]: {
    /** Id in the price list. */
    readonly priceId?: string;
    readonly free: boolean;
    readonly prices?: Readonly<Record<string, ModelRates>>;
  };
}

type Kind = Exclude<keyof Usage, 'basis'>;
/** Dollars per million tokens of a kind when the whole input has `input` tokens; undefined when nothing prices it. */
type Rate = (kind: Kind, input: number) => number | undefined;

const KINDS: readonly Kind[] = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWriteLong',
  'output',
  'reasoning',
  'audioIn',
  'audioOut',
  'imageIn',
  'imageOut',
];
const INPUTS: readonly Kind[] = ['input', 'cacheRead', 'cacheWrite', 'cacheWriteLong', 'audioIn', 'imageIn'];

/**
 * Column of the price list per kind, most specific first. Where a list has no column of its own the provider bills the
 * broader one, so the search ends at plain input or output and never at zero; but for sound, which nobody bills at the price
 * of text: it is sixteen times as dear, and a list without a column for it does not know its price.
 */
const COLUMNS: Readonly<Record<Kind, readonly string[]>> = {
  input: ['input_text_mtok', 'input_mtok'],
  cacheRead: ['cache_text_read_mtok', 'cache_read_mtok', 'input_mtok'],
  cacheWrite: ['cache_write_5m_mtok', 'cache_write_mtok', 'input_mtok'],
  cacheWriteLong: ['cache_write_1h_mtok', 'cache_write_mtok', 'input_mtok'],
  output: ['output_text_mtok', 'output_mtok'],
  reasoning: ['output_reasoning_mtok', 'output_text_reasoning_mtok', 'output_mtok'],
  audioIn: ['input_audio_mtok'],
  audioOut: ['output_audio_mtok'],
  imageIn: ['input_image_mtok', 'input_mtok'],
  imageOut: ['output_image_mtok', 'output_mtok'],
};

const HOUR = 3_600_000;
const MOST_MODELS = 10_000;

/** The package does not export its own version; a test compares this with what is installed. */
export const PRICE_LIST = 'genai-prices@0.1.8';

/**
 * Prices one attempt in whole micro-dollars. Looking a model up in the list costs about 16 µs, so its rates are kept
 * per model and hour: some lists change price by the time of day, none within an hour.
 */
export function createPricer(overrides: PriceOverrides): Pricer {
  /** By provider and model; of the hour that was asked for last, since nobody asks for an earlier one twice. */
  const cache = new Map<string, Map<string, { hour: number; rate: Rate | undefined }>>();

  const ratesOf = (provider: string, model: string, at: number): Rate | undefined => {
    const own = overrides[provider]?.prices?.[model];
    if (own) return fromConfig(own);
    const hour = Math.floor(at / HOUR);
    const known = cache.get(provider)?.get(model);
    if (known?.hour === hour) return known.rate;
    const rate = fromList(overrides[provider]?.priceId, model, new Date(hour * HOUR));
    const models = cache.get(provider) ?? new Map();
    // Names of models come from callers.
    if (models.size > MOST_MODELS) models.clear();
    models.set(model, { hour, rate });
    cache.set(provider, models);
    return rate;
  };

  return {
    version: PRICE_LIST,
    price({ provider, model, usage, at }) {
      if (overrides[provider]?.free) return { microUsd: 0, state: 'free' };
      if (usage.basis === 'none') return { microUsd: 0, state: 'free' };
      const rate = ratesOf(provider, model, at);
      if (!rate) return { microUsd: 0, state: 'unpriced' };
      const source = overrides[provider]?.prices?.[model] ? 'config' : PRICE_LIST;
      return add(usage, rate, source);
    },
  };
}

function add(usage: Usage, rate: Rate, priceVersion: string): Cost {
  let input = 0;
  for (const kind of INPUTS) input += usage[kind];
  const parts: Partial<Record<Kind, number>> = {};
  let sum = 0;
  let whole = 0;
  for (const kind of KINDS) {
    const tokens = usage[kind];
    if (tokens === 0) continue;
    const dollars = rate(kind, input);
    if (dollars === undefined) return { microUsd: 0, state: 'unpriced', priceVersion };
    // Dollars per million tokens are micro-dollars per token.
    const exact = tokens * dollars;
    const floor = Math.floor(exact);
    parts[kind] = floor;
    sum += exact;
    whole += floor;
  }
  const microUsd = Math.round(sum);
  const state = usage.basis === 'reported' ? 'exact' : 'estimated';
  if (whole < microUsd) share(parts, microUsd - whole, (kind) => usage[kind] * (rate(kind, input) ?? 0));
  return { microUsd, state, priceVersion, parts };
}

/** Gives what rounding down has left over to the largest remainders, one each, so that the parts add up to the total. */
function share(parts: Partial<Record<Kind, number>>, missing: number, exact: (kind: Kind) => number): void {
  // Not sorted: there are two or three parts, twice an exchange.
  for (; missing > 0; missing--) {
    let largest: Kind | undefined;
    // Who has been given one is below zero.
    let most = 0;
    for (const kind of KINDS) {
      const part = parts[kind];
      if (part === undefined) continue;
      const rest = exact(kind) - part;
      if (largest !== undefined && rest <= most) continue;
      largest = kind;
      most = rest;
    }
    if (largest === undefined) return;
    parts[largest] = (parts[largest] as number) + 1;
  }
}

const fromConfig =
  (rates: ModelRates): Rate =>
  (kind) =>
    ({
      input: rates.input,
      cacheRead: rates.cacheRead ?? rates.input,
      cacheWrite: rates.cacheWrite ?? rates.input,
      cacheWriteLong: rates.cacheWriteLong ?? rates.cacheWrite ?? rates.input,
      output: rates.output,
      reasoning: rates.output,
      audioIn: rates.audioIn ?? rates.input,
      audioOut: rates.audioOut ?? rates.output,
      imageIn: rates.input,
      imageOut: rates.output,
    })[kind];

function fromList(priceId: string | undefined, model: string, at: Date): Rate | undefined {
  if (!priceId) return undefined;
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, {
    providerId: priceId,
    timestamp: at,
  });
  if (!found) return undefined;
  const columns = found.model_price;
  return (kind, input) => {
    for (const column of COLUMNS[kind]) {
      const price = columns[column];
      if (price === undefined) continue;
      if (typeof price === 'number') return price;
      // Above a threshold the whole call is billed at the higher rate, not the tokens beyond it alone.
      const reached = price.tiers.filter((tier) => input > tier.start);
      return reached.at(-1)?.price ?? price.base;
    }
    return undefined;
  };
}
