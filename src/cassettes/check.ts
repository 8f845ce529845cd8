import type { Clock, Transport, TransportRequest } from '#contracts';
import { clopperPearson, type Estimate } from '#kernel/stats';
import { endingOf, isStream } from './ending.ts';
import type { Library } from './library.ts';
import { type Observed, observe } from './observe.ts';
import { type Drift, distanceOf, driftOf, shapeOf } from './shape.ts';
import type { Bill, Cassette, Take, WholeAnswer } from './types.ts';

export interface CheckOptions {
  readonly live: Transport;
  /** A share below 1 or a number of cassettes, drawn by the clock's chance. */
  readonly sample: number;
  /** Turns a stored question into a call, credentials included; undefined leaves the cassette out. */
  readonly request: (stored: Cassette['request']) => TransportRequest | undefined;
  /** What all calls together may cost. Those that might go over it are not made. */
  readonly budget?: {
    readonly microUsd: number;
    /** What asking this once more may cost. */
    expect(cassette: Cassette): number;
    /** What an answer did cost; undefined where nobody knows. */
    bill(request: TransportRequest, answer: WholeAnswer): Bill | undefined;
  };
  /** Calls at once; 4. */
  readonly concurrency?: number;
  /** Milliseconds until a live call is given up; 2 minutes. */
  readonly timeout?: number;
}

export interface CheckedCassette {
  readonly key: string;
  readonly path: string;
  readonly model?: string;
  /** Age of the newest take, milliseconds. */
  readonly age: number;
  readonly expired: boolean;
  /** `unknown`: the live call failed or could not be made, so nothing was learnt. */
  readonly verdict: 'fresh' | 'drifted' | 'unknown';
  readonly drift?: Drift;
  /** How far the answer has moved, 0 to 1, where it could be compared. */
  readonly distance?: number;
  readonly reason?: string;
}

export interface CheckReport {
  readonly cassettes: readonly CheckedCassette[];
  /** Share of cassettes that drifted, of those that could be compared, 95 %; absent when none could. */
  readonly drifted?: Estimate;
  /** Drawn, and left out for the budget. */
  readonly skipped: number;
  /** Spent of the budget; what nobody could price counts as expected. */
  readonly microUsd: number;
}

/** Asks a sample of the recorded questions again and compares what the answers look like, never what they say. */
export async function check(
  library: Library,
  { clock, maxAge = Number.POSITIVE_INFINITY, maxBytes }: { clock: Clock; maxAge?: number; maxBytes: number },
  options: CheckOptions,
): Promise<CheckReport> {
  const { live, sample, request, budget, concurrency = 4, timeout = 120_000 } = options;
  let spent = 0;
  let skipped = 0;
  const keys = draw(library.keys(), sample, clock);
  const checked: (CheckedCassette | undefined)[] = [];
  let next = 0;
  const one = async (key: string): Promise<CheckedCassette | undefined> => {
    const found = library.find(key);
    if (!found.ok) return { key, path: '', age: 0, expired: false, verdict: 'unknown', reason: found.error };
    const take = found.value?.takes.filter((t) => t.ended === 'whole').at(-1);
    if (!found.value || !take) return undefined;
    const age = clock.now() - take.recordedAt;
    const { path, body } = found.value.request;
    const model = (body as { readonly model?: unknown } | null)?.model;
    const row = { key, path, ...(typeof model === 'string' && { model }), age, expired: age > maxAge };
    const call = request(found.value.request);
    if (!call) return { ...row, verdict: 'unknown', reason: 'no request for it' };
    const expected = budget?.expect(found.value) ?? 0;
    if (budget && spent + expected > budget.microUsd) {
      skipped++;
      return undefined;
    }
    // Reserved before, settled after: four at once must not each find the last cent.
    spent += expected;
    const now = await ask(live, call, clock, maxBytes, timeout);
    const answer = now && answerOf(now);
    const bill = answer && budget?.bill(call, answer);
    if (bill) spent += bill.microUsd - expected;
    return { ...row, ...compared(take, now) };
  };
  const worker = async () => {
    for (let i = next++; i < keys.length; i = next++) checked[i] = await one(keys[i] as string);
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  const cassettes = checked.filter((c) => c !== undefined);
  const known = cassettes.filter((c) => c.verdict !== 'unknown');
  const drifted = known.filter((c) => c.verdict === 'drifted').length;
  return {
    cassettes,
    skipped,
    microUsd: spent,
    ...(known.length > 0 ? { drifted: clopperPearson(drifted, known.length) } : {}),
  };
}

function draw(keys: readonly string[], sample: number, clock: Clock): readonly string[] {
  if (!(sample > 0)) throw new RangeError(`check: sample must be positive, got ${sample}`);
  const wanted = Math.min(keys.length, sample < 1 ? Math.ceil(sample * keys.length) : Math.floor(sample));
  const pool = [...keys];
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(clock.random() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j] as string, pool[i] as string];
  }
  return pool.slice(0, wanted);
}

function ask(
  live: Transport,
  request: TransportRequest,
  clock: Clock,
  maxBytes: number,
  timeout: number,
): Promise<Observed | undefined> {
  return new Promise((resolve) => {
    const silent = { connected() {}, head() {}, data() {}, end() {}, fail() {} };
    // A transport may tell everything before it returns.
    let stop: () => void = () => undefined;
    let over = false;
    const call = observe(live, request, silent, { clock, maxBytes }, (observed) => {
      over = true;
      stop();
      resolve(observed.cancelled ? undefined : observed);
    });
    if (!over) stop = clock.after(timeout, () => call.cancel());
  });
}

function answerOf({ status, headers, reads }: Observed): WholeAnswer | undefined {
  if (status === undefined || !reads) return undefined;
  return {
    status,
    headers: headers as WholeAnswer['headers'],
    body: Buffer.concat(reads.map(({ bytes }) => bytes)),
  };
}

function compared(
  take: Take,
  now: Observed | undefined,
): Pick<CheckedCassette, 'verdict' | 'drift' | 'distance' | 'reason'> {
  if (!now) return { verdict: 'unknown', reason: 'no answer in time' };
  const ending = endingOf(now);
  if (ending !== 'whole' || !now.reads)
    return {
      verdict: 'unknown',
      reason: `the live answer is ${now.reads ? ending : 'too large'} (status ${now.status ?? 'none'})`,
    };
  const before = shapeOf(
    Buffer.concat(
      take.chunks.map((c) => ('text' in c ? Buffer.from(c.text) : Buffer.from(c.base64, 'base64'))),
    ).toString(),
    isStream(take),
  );
  const after = shapeOf(Buffer.concat(now.reads.map((r) => r.bytes)).toString(), isStream(now));
  if (take.status !== now.status)
    return {
      verdict: 'drifted',
      distance: 1,
      drift: {
        added: [],
        removed: [],
        retyped: [{ path: 'status', was: String(take.status), is: String(now.status) }],
      },
    };
  if (!before || !after) return { verdict: 'unknown', reason: 'not JSON' };
  const drift = driftOf(before, after);
  const distance = distanceOf(before, after);
  return drift ? { verdict: 'drifted', drift, distance } : { verdict: 'fresh', distance };
}
