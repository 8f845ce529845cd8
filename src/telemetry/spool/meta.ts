import type {
  AskFacets,
  Attempt,
  Axes,
  Cost,
  ExchangeFacts,
  Failure,
  Observed,
  Place,
  SpooledExchange,
  TierRecord,
  Timing,
  Usage,
  Verdict,
  Who,
} from '#contracts';
import { NumberReader, type SpoolBytes } from './bytes.ts';
import { numberOf, wordOf } from './words.ts';

/** What a frame holds besides the bodies. */
export type SpoolMeta = Pick<SpooledExchange, 'facts' | 'declared' | 'digest'>;

/** When the exchange was over, by the wall clock of the gateway that served it. */
export const endOf = (facts: ExchangeFacts): number => facts.at + facts.timing.total;

/**
 * The meta of a frame: `u32 length of the texts, texts, numbers`. The texts of the record are one flat JSON array, in a fixed
 * order, 0 for what is absent; numbers, and the words of closed vocabularies as numbers, stand behind it. JSON of the
 * objects is four times as long, and writing and masking it was two thirds of what a record cost; as an array of strings
 * what is masked is still JSON at any time.
 *
 * The order is the format: whoever changes what is written here gives frames a new kind.
 */
export function writeMeta(meta: SpoolMeta, out: SpoolBytes, mask: (texts: Uint8Array) => Uint8Array): void {
  const start = out.at;
  out.room(8);
  out.at += 4;
  const from = out.at;
  out.bytes[out.at++] = OPEN;
  writeTexts(meta, out);
  // In place of the last comma.
  out.bytes[out.at - 1] = CLOSE;
  const plain = out.bytes.subarray(from, out.at);
  const masked = mask(plain);
  if (masked !== plain) {
    out.at = from;
    out.put(masked);
  }
  out.view.setUint32(start, out.at - from, true);
  writeNumbers(meta.facts, out);
}

const OPEN = 0x5b;
const CLOSE = 0x5d;

function writeTexts({ facts, declared, digest }: SpoolMeta, out: SpoolBytes): void {
  const { observed, who, place, tier, attempts, verdicts } = facts;
  out.text(facts.id);
  out.text(facts.route);
  out.text(facts.protocol);
  out.text(tier.served);
  out.text(unless(tier.intended, tier.served));
  out.text(tier.demotedBy);
  out.text(tier.reason);
  out.text(tier.cell);
  out.text(observed.model);
  out.text(observed.fingerprint);
  out.text(observed.serviceTier);
  out.text(observed.region);
  out.text(who.key);
  out.text(who.tenant);
  out.text(who.user);
  out.text(who.feature);
  out.text(who.principal);
  out.text(place.thread);
  out.text(place.task);
  out.text(place.run);
  out.text(place.step);
  out.text(place.parent);
  out.text(place.trace);
  out.text(place.span);
  out.text(facts.ask.model);
  out.json(facts.failure);
  out.json(verdicts.length === 0 ? undefined : verdicts);
  out.json(hasMembers(declared) ? declared : undefined);
  out.json(digest);
  for (let i = 0; i < attempts.length; i++) {
    const attempt = attempts[i] as Attempt;
    out.text(unless(attempt.tier, tier.served));
    out.text(attempt.provider);
    out.text(unless(attempt.model, facts.ask.model));
    out.text(attempt.providerRequestId);
    out.json(attempt.failure);
    out.json(attempt.translated);
    writeCostTexts(attempt.cost, out);
  }
  if (!hasCostOfLast(facts)) writeCostTexts(facts.cost, out);
}

function writeCostTexts(cost: Cost, out: SpoolBytes): void {
  out.text(cost.priceVersion);
  for (const name in cost.parts) out.text(name);
}

/** Absent where it is what a reader takes it for anyway. */
const unless = (text: string, usual: string): string | undefined => (text === usual ? undefined : text);

function writeNumbers(facts: ExchangeFacts, out: SpoolBytes): void {
  const { ask, timing, attempts } = facts;
  const { gaps } = timing;
  out.number(numberOf(facts.kind));
  out.number(numberOf(facts.source));
  out.number(numberOf(facts.outcome));
  out.number(numberOf(facts.record));
  out.number(facts.at);
  out.number(facts.status);
  out.number(Number(ask.stream));
  out.number(Number(ask.structured));
  out.number(ask.turns);
  out.number(ask.tools);
  out.number(ask.images);
  out.number(ask.audios);
  out.number(ask.choices);
  out.number(ask.maxOutput);
  out.number(ask.stops);
  out.number(ask.bytes);
  out.number(timing.queued);
  out.number(timing.firstByte);
  out.number(timing.firstToken);
  out.number(timing.total);
  out.number(timing.overhead);
  out.number(gaps?.count);
  if (gaps) {
    out.number(gaps.p50);
    out.number(gaps.p99);
    out.number(gaps.max);
  }
  out.number(attempts.length);
  for (let i = 0; i < attempts.length; i++) writeAttempt(attempts[i] as Attempt, out);
  const sameUsage = hasUsageOfLast(facts);
  out.number(Number(sameUsage));
  if (!sameUsage) writeUsage(facts.usage, out);
  const sameCost = hasCostOfLast(facts);
  out.number(Number(sameCost));
  if (!sameCost) writeCost(facts.cost, out);
}

function writeAttempt(attempt: Attempt, out: SpoolBytes): void {
  const { timing } = attempt;
  out.number(numberOf(attempt.cause));
  out.number(numberOf(attempt.outcome));
  out.number(attempt.number);
  out.number(attempt.startedAt);
  out.number(attempt.status);
  out.number(timing.headers);
  out.number(timing.firstByte);
  out.number(timing.firstToken);
  out.number(timing.total);
  writeUsage(attempt.usage, out);
  writeCost(attempt.cost, out);
}

function writeUsage(usage: Usage, out: SpoolBytes): void {
  out.number(numberOf(usage.basis));
  out.number(usage.input);
  out.number(usage.cacheRead);
  out.number(usage.cacheWrite);
  out.number(usage.cacheWriteLong);
  out.number(usage.output);
  out.number(usage.reasoning);
  out.number(usage.audioIn);
  out.number(usage.audioOut);
  out.number(usage.imageIn);
  out.number(usage.imageOut);
}

function writeCost({ state, microUsd, parts }: Cost, out: SpoolBytes): void {
  out.number(numberOf(state));
  out.number(microUsd);
  out.number(parts && Object.keys(parts).length);
  for (const name in parts) out.number(parts[name]);
}

/** Nearly always the usage and the cost of an exchange are those of the one attempt there was. */
function hasUsageOfLast({ attempts, usage }: ExchangeFacts): boolean {
  const last = attempts[attempts.length - 1];
  return last !== undefined && isSameUsage(last.usage, usage);
}

function hasCostOfLast({ attempts, cost }: ExchangeFacts): boolean {
  const last = attempts[attempts.length - 1];
  return last !== undefined && isSameCost(last.cost, cost);
}

const isSameUsage = (a: Usage, b: Usage): boolean =>
  a === b ||
  (a.input === b.input &&
    a.cacheRead === b.cacheRead &&
    a.cacheWrite === b.cacheWrite &&
    a.cacheWriteLong === b.cacheWriteLong &&
    a.output === b.output &&
    a.reasoning === b.reasoning &&
    a.audioIn === b.audioIn &&
    a.audioOut === b.audioOut &&
    a.imageIn === b.imageIn &&
    a.imageOut === b.imageOut &&
    a.basis === b.basis);

function isSameCost(a: Cost, b: Cost): boolean {
  if (a === b) return true;
  if (a.microUsd !== b.microUsd || a.state !== b.state || a.priceVersion !== b.priceVersion) return false;
  if (a.parts === b.parts) return true;
  if (a.parts === undefined || b.parts === undefined) return false;
  for (const name in a.parts) if (a.parts[name] !== b.parts[name]) return false;
  for (const name in b.parts) if (a.parts[name] === undefined) return false;
  return true;
}

function hasMembers(axes: Axes): boolean {
  for (const _ in axes) return true;
  return false;
}

/** Every member is named, absent or not: a member that the contracts gain and that is forgotten here does not compile. */
type Whole<T> = { readonly [K in keyof Required<T>]: T[K] };

/** Reads what `writeMeta` wrote. @throws when it is anything else */
export function readMeta(meta: Uint8Array): SpoolMeta {
  const view = new DataView(meta.buffer, meta.byteOffset, meta.byteLength);
  const middle = 4 + view.getUint32(0, true);
  const texts: unknown = JSON.parse(Buffer.from(meta.buffer, meta.byteOffset + 4, middle - 4).toString());
  if (!Array.isArray(texts) || typeof texts[0] !== 'string')
    throw new TypeError('not the meta of an exchange');
  const t = new TextReader(texts);
  const n = new NumberReader(meta, middle);

  const id = t.next() as ExchangeFacts['id'];
  const route = t.next();
  const protocol = t.next();
  const served = t.next();
  const tier: Whole<TierRecord> = {
    served,
    intended: t.maybe() ?? served,
    demotedBy: t.maybe(),
    reason: t.maybe() as TierRecord['reason'],
    cell: t.maybe(),
  };
  const observed: Whole<Observed> = {
    model: t.maybe(),
    fingerprint: t.maybe(),
    serviceTier: t.maybe(),
    region: t.maybe(),
  };
  const who: Whole<Who> = {
    key: t.maybe(),
    tenant: t.maybe(),
    user: t.maybe(),
    feature: t.maybe(),
    principal: t.maybe(),
  };
  const place: Whole<Place> = {
    thread: t.maybe(),
    task: t.maybe(),
    run: t.maybe(),
    step: t.maybe(),
    parent: t.maybe() as Place['parent'],
    trace: t.maybe(),
    span: t.maybe(),
  };
  const model = t.next();
  const failure = t.object<Failure>();
  const verdicts = t.object<readonly Verdict[]>() ?? [];
  const declared = t.object<Axes>() ?? {};
  const digest = t.object<NonNullable<SpoolMeta['digest']>>();

  const kind = wordOf(n.next()) as ExchangeFacts['kind'];
  const source = wordOf(n.next()) as ExchangeFacts['source'];
  const outcome = wordOf(n.next()) as ExchangeFacts['outcome'];
  const record = wordOf(n.next()) as ExchangeFacts['record'];
  const at = n.next();
  const status = n.next();
  const ask: Whole<AskFacets> = {
    model,
    stream: n.next() === 1,
    structured: n.next() === 1,
    turns: n.next(),
    tools: n.next(),
    images: n.next(),
    audios: n.next(),
    choices: n.next(),
    maxOutput: n.maybe(),
    stops: n.next(),
    bytes: n.next(),
  };
  const timing: Whole<Timing> = {
    queued: n.next(),
    firstByte: n.maybe(),
    firstToken: n.maybe(),
    total: n.next(),
    overhead: n.next(),
    gaps: readGaps(n),
  };
  const attempts: Attempt[] = [];
  for (let left = n.next(); left > 0; left--) attempts.push(readAttempt(served, model, n, t));
  const last = attempts.at(-1);
  const usage = n.next() === 1 && last ? last.usage : readUsage(n);
  const cost = n.next() === 1 && last ? last.cost : readCost(n, t);
  const facts: Whole<ExchangeFacts> = {
    id,
    at,
    kind,
    source,
    route,
    protocol,
    observed,
    who,
    place,
    ask,
    attempts,
    verdicts,
    tier,
    outcome,
    failure,
    usage,
    cost,
    timing,
    status,
    record,
  };
  return { facts, declared, digest };
}

function readGaps(n: NumberReader): Timing['gaps'] {
  const count = n.maybe();
  return count === undefined ? undefined : { count, p50: n.next(), p99: n.next(), max: n.next() };
}

function readAttempt(served: string, asked: string, n: NumberReader, t: TextReader): Attempt {
  const tier = t.maybe() ?? served;
  const provider = t.next();
  const model = t.maybe() ?? asked;
  const providerRequestId = t.maybe();
  const failure = t.object<Failure>();
  const translated = t.object<NonNullable<Attempt['translated']>>();
  const cause = wordOf(n.next()) as Attempt['cause'];
  const outcome = wordOf(n.next()) as Attempt['outcome'];
  const number = n.next();
  const startedAt = n.next();
  const status = n.maybe();
  const timing: Whole<Attempt['timing']> = {
    headers: n.maybe(),
    firstByte: n.maybe(),
    firstToken: n.maybe(),
    total: n.next(),
  };
  const usage = readUsage(n);
  const attempt: Whole<Attempt> = {
    number,
    cause,
    tier,
    provider,
    model,
    startedAt,
    outcome,
    status,
    failure,
    usage,
    cost: readCost(n, t),
    timing,
    providerRequestId,
    translated,
  };
  return attempt;
}

function readUsage(n: NumberReader): Usage {
  const basis = wordOf(n.next()) as Usage['basis'];
  const usage: Whole<Usage> = {
    input: n.next(),
    cacheRead: n.next(),
    cacheWrite: n.next(),
    cacheWriteLong: n.next(),
    output: n.next(),
    reasoning: n.next(),
    audioIn: n.next(),
    audioOut: n.next(),
    imageIn: n.next(),
    imageOut: n.next(),
    basis,
  };
  return usage;
}

function readCost(n: NumberReader, t: TextReader): Cost {
  const priceVersion = t.maybe();
  const state = wordOf(n.next()) as Cost['state'];
  const microUsd = n.next();
  const count = n.maybe();
  let parts: Record<string, number> | undefined;
  if (count !== undefined) {
    parts = {};
    for (let left = count; left > 0; left--) parts[t.next()] = n.next();
  }
  const cost: Whole<Cost> = { microUsd, state, priceVersion, parts };
  return cost;
}

/** Goes through the texts in the order in which they were written. */
class TextReader {
  readonly #texts: readonly unknown[];
  #at = 0;

  constructor(texts: readonly unknown[]) {
    this.#texts = texts;
  }

  next(): string {
    return this.#texts[this.#at++] as string;
  }

  maybe(): string | undefined {
    const text = this.#texts[this.#at++];
    return text === 0 ? undefined : (text as string);
  }

  object<T extends object>(): T | undefined {
    const value = this.#texts[this.#at++];
    return value === 0 ? undefined : (value as T);
  }
}

/** Frames of the first kind hold the whole meta as JSON; what an earlier version left in the spool is still moved. */
export function parseMeta(bytes: Uint8Array): SpoolMeta {
  const meta: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  if (!isMeta(meta)) throw new TypeError('not the meta of an exchange');
  return meta;
}

const isMeta = (value: unknown): value is SpoolMeta =>
  typeof value === 'object' &&
  value !== null &&
  'facts' in value &&
  typeof value.facts === 'object' &&
  value.facts !== null &&
  'id' in value.facts &&
  typeof value.facts.id === 'string' &&
  'declared' in value;
