import {
  type Attempt,
  type Cost,
  type Exchange,
  type FAILURE_KINDS,
  isTraffic,
  type OUTCOMES,
  SOURCES,
  type Usage,
} from '#contracts';

/**
 * Closed vocabularies as two-byte numbers. A number, once given, is in somebody's database: append, never renumber,
 * never reuse. The good outcomes come first so that `outcome >= FIRST_BAD` says bad and a BRIN index understands it.
 */
const outcome = {
  complete: 0,
  tool: 1,
  length: 2,
  stop: 3,
  refusal: 4,
  content_filter: 5,
  context_overflow: 6,
  invalid: 7,
  stalled: 8,
  cut: 9,
  error: 10,
  cancelled: 11,
} as const satisfies Record<(typeof OUTCOMES)[number], number>;

export const FIRST_BAD = 2;

const failure = {
  bad_request: 0,
  unauthorized: 1,
  forbidden: 2,
  unknown_route: 3,
  not_found: 4,
  too_large: 5,
  dialect_mismatch: 6,
  client_left: 7,
  over_budget: 8,
  rate_limited: 20,
  quota_exhausted: 21,
  overloaded: 22,
  provider_error: 23,
  provider_auth: 24,
  provider_rejected: 25,
  context_overflow: 26,
  content_filter: 27,
  refused: 33,
  in_band_error: 28,
  bad_content_type: 29,
  malformed: 30,
  empty: 31,
  cut: 32,
  connect: 50,
  reset: 51,
  timeout_connect: 52,
  timeout_headers: 53,
  timeout_first_token: 54,
  timeout_idle: 55,
  timeout_total: 56,
  timeout_content: 57,
  shutting_down: 70,
  internal: 71,
  no_target: 72,
  hedge_lost: 73,
  unfit: 74,
  starting: 75,
} as const satisfies Record<(typeof FAILURE_KINDS)[number], number>;

const source = {
  gateway: 0,
  otlp: 1,
  import: 2,
  eval: 3,
  job: 4,
  probe: 5,
  exercise: 6,
  drill: 7,
  shadow: 8,
} as const satisfies Record<Exchange['source'], number>;

const kind = { model: 0, tool: 1, retrieval: 2 } as const satisfies Record<Exchange['kind'], number>;
const record = { full: 0, masked: 1, none: 2 } as const satisfies Record<Exchange['record'], number>;
const costState = { exact: 0, estimated: 1, unpriced: 2, free: 3 } as const satisfies Record<
  Cost['state'],
  number
>;
const basis = { reported: 0, estimated: 1, none: 2 } as const satisfies Record<Usage['basis'], number>;
const cause = {
  first: 0,
  retry: 1,
  reroute: 2,
  fallback: 3,
  reprompt: 4,
  hedge: 5,
  takeover: 6,
} as const satisfies Record<Attempt['cause'], number>;

export interface Codes<Word extends string> {
  /** Rejects a word nobody has given a number: storing it as something else would be a lie. */
  code(word: Word): number;
  word(code: number): Word;
  find(word: string): number | undefined;
  readonly all: readonly number[];
}

function codes<Word extends string>(name: string, table: Readonly<Record<Word, number>>): Codes<Word> {
  const byWord = new Map<string, number>(Object.entries<number>(table));
  const byCode = new Map<number, Word>(
    (Object.entries(table) as [Word, number][]).map(([word, code]) => [code, word]),
  );
  return {
    code(word) {
      const code = byWord.get(word);
      if (code === undefined) throw new RangeError(`${name} "${word}" has no code`);
      return code;
    },
    word(code) {
      const word = byCode.get(code);
      if (word === undefined) throw new RangeError(`${name} code ${code} is of a newer version of Midwatch`);
      return word;
    },
    find: (word) => byWord.get(word),
    all: [...byCode.keys()],
  };
}

export const outcomes = codes('outcome', outcome);
export const failures = codes('failure', failure);
export const sources = codes('source', source);
/** Of sources that are no traffic of the product. */
export const NO_TRAFFIC: readonly number[] = SOURCES.filter((word) => !isTraffic(word)).map(sources.code);
export const kinds = codes('kind', kind);
export const records = codes('record', record);
export const costStates = codes('cost state', costState);
export const bases = codes('usage basis', basis);
export const causes = codes('cause', cause);
