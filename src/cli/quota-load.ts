import type { LoadCall } from '#app';
import type { ExchangeRow, Lane } from '#contracts';
import { seeded } from '#kernel';

/** Which share of the callers is in which lane; the rest is normal. The record does not say. */
export interface LaneShares {
  readonly interactive: number;
  readonly batch: number;
}

const MINUTE = 60_000;
/** Copies of one call of the record come so near to it. */
const NEAR = 30_000;

const drawLane = (at: number, { interactive, batch }: LaneShares): Lane =>
  at < interactive ? 'interactive' : at < interactive + batch ? 'batch' : 'normal';

/** The calls of the record so many times over: the hours keep their shape, since load that is many times as much comes when it came. */
export function loadOf(
  rows: readonly ExchangeRow[],
  { times, lanes, seed }: { readonly times: number; readonly lanes: LaneShares; readonly seed: number },
): readonly LoadCall[] {
  const random = seeded(`quota simulate ${seed}`);
  const asked = rows.filter(({ provider, attempts }) => provider !== undefined && attempts > 0);
  const began = Math.min(...asked.map(({ at }) => at));
  const calls = asked.flatMap((row) => {
    const copies = Math.floor(times) + (random() < times % 1 ? 1 : 0);
    return Array.from({ length: copies }, (_, copy): LoadCall => {
      const at = row.at - began + (copy === 0 ? 0 : (2 * random() - 1) * NEAR);
      return {
        at: Math.max(0, at),
        provider: row.provider as string,
        models: [row.servedModel, row.model].filter((name) => name !== undefined),
        lane: drawLane(random(), lanes),
        ...(row.tenant !== undefined && { tenant: row.tenant }),
        amounts: { tokensIn: row.tokensIn, tokensOut: row.tokensOut },
        ms: row.totalMs,
      };
    });
  });
  return calls.sort((a, b) => a.at - b.at);
}

export interface GivenLoad {
  readonly provider: string;
  readonly model: string;
  readonly perMinute: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly minutes: number;
  readonly tenants: number;
  readonly lanes: LaneShares;
  readonly seed: number;
}

/** Spread of the logarithm of lengths: prompts and answers are rarely alike. */
const SIGMA = 0.6;
/** Milliseconds of an answer: its beginning, and each of its tokens. */
const BEGINS = 500;
const TOKEN = 5;

/** Callers that come at random, with lengths that are log-normal about the given means. */
export function loadGiven(given: GivenLoad): readonly LoadCall[] {
  const { provider, model, perMinute, minutes, tenants, lanes, seed } = given;
  const random = seeded(`quota simulate ${seed}`);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const length = (mean: number) =>
    Math.max(1, Math.round(mean * Math.exp(SIGMA * normal() - SIGMA ** 2 / 2)));
  const calls: LoadCall[] = [];
  for (let at = 0, i = 0; ; i++) {
    at += (-Math.log(1 - random()) * MINUTE) / perMinute;
    if (at >= minutes * MINUTE) return calls;
    const amounts = { tokensIn: length(given.tokensIn), tokensOut: length(given.tokensOut) };
    calls.push({
      at,
      provider,
      models: [model],
      lane: drawLane(random(), lanes),
      tenant: `tenant-${(i % tenants) + 1}`,
      amounts,
      ms: BEGINS + TOKEN * amounts.tokensOut,
    });
  }
}
