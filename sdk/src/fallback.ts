/** What is known of the second way before it is needed. */
export interface FallbackProof {
  /** `STALE`: its last success is too long ago. `BROKEN`: failed `brokenAfter` times in a row. */
  readonly state: 'UNPROVEN' | 'PROVEN' | 'STALE' | 'BROKEN';
  /** Successes since the last failure, under the contract in force. */
  readonly successes: number;
  /** Lower bound of its success rate, 95 % sure: 0.05^(1/successes); 0 without any. */
  readonly bound: number;
  /** Successes still needed for `PROVEN`. */
  readonly needed: number;
  /** Why it failed last, while it has not succeeded since. */
  readonly error?: unknown;
}

export interface FallbackOptions<I, T> {
  /** May the work be done twice? Without it the second way is never exercised, and is known only by the failures that it has met. */
  readonly idempotent?: boolean;
  /** Of the calls, how many go the second way first; 0.01. One in each hundred, at a random place. */
  readonly share?: number;
  /** Calls that are never exercised: what is critical, say. */
  readonly exclude?: (input: I) => boolean;
  /** What an answer must be; one that is not is a failure of its way, like an error. */
  readonly accept?: (answer: T) => boolean;
  /** Milliseconds after which either way has failed: a slow one that never fails would never be left. */
  readonly timeoutMs?: number;
  /** Whatever the second way depends on: prompt, model, schema, versions. Another value, as JSON, makes it unproven at once. */
  readonly contract?: () => unknown;
  /** Successes without a failure that prove it; 59, which is 95 % at 95 %. 299 is 99 %. */
  readonly enough?: number;
  /** Failures in a row; 3. */
  readonly brokenAfter?: number;
  /** Milliseconds; a day. */
  readonly staleAfter?: number;
  /** Told whenever `state` changes. */
  readonly onChange?: (proof: FallbackProof) => void;
  /** For tests. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Told to a way beside its input. */
export interface Way {
  /** Aborted after `timeoutMs`. */
  readonly signal: AbortSignal;
  /** The second way is asked on purpose while the first is well: nothing that counts may hang on it. */
  readonly exercise: boolean;
}

export interface WithFallback<I, T> {
  /** The answer of the first way, else of the second. Rejects with the error of the first when both fail. */
  (input: I): Promise<T>;
  proof(): FallbackProof;
}

const DAY = 86_400_000;
const UNSURE = 0.05;

/**
 * Two ways to do one thing, the second of which is known to work because it did. A share of the calls goes the second way
 * first, and the first way answers where that fails, so that nobody sees an exercise go wrong. For ways that are no route of
 * Midwatch: what is a route is exercised by the gateway.
 */
export function fallback<I, T>(
  primary: (input: I, way: Way) => Promise<T>,
  secondary: (input: I, way: Way) => Promise<T>,
  options: FallbackOptions<I, T> = {},
): WithFallback<I, T> {
  const { share = 0.01, enough = 59, brokenAfter = 3, staleAfter = DAY, timeoutMs } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share is ${share}; write 0 to 1`);
  let successes = 0;
  let failures = 0;
  let lastSuccess = 0;
  let error: unknown;
  let contract = hash();
  let told: FallbackProof['state'] = 'UNPROVEN';
  // One in each block rather than by the toss of a coin: after two blocks it is certain that it was exercised.
  let [left, place] = [0, 0];

  function hash(): string {
    return JSON.stringify(options.contract?.()) ?? '';
  }

  function proof(): FallbackProof {
    renew();
    const state = (): FallbackProof['state'] => {
      if (failures >= brokenAfter) return 'BROKEN';
      if (successes < enough) return 'UNPROVEN';
      return now() - lastSuccess > staleAfter ? 'STALE' : 'PROVEN';
    };
    return {
      state: state(),
      successes,
      bound: successes === 0 ? 0 : UNSURE ** (1 / successes),
      needed: Math.max(0, enough - successes),
      ...(failures > 0 && { error }),
    };
  }

  /** Whatever was proven was proven of the contract in force then. */
  function renew(): void {
    const latest = hash();
    if (latest === contract) return;
    contract = latest;
    [successes, failures] = [0, 0];
  }

  function due(input: I): boolean {
    if (options.idempotent !== true || share === 0 || options.exclude?.(input)) return false;
    if (left === 0) {
      left = Math.max(1, Math.round(1 / share));
      place = Math.floor(random() * left);
    }
    return --left === place;
  }

  function learn(under: string, failed?: { readonly error: unknown }): void {
    renew();
    // It began under a contract that no longer holds, and says nothing of this one.
    if (under !== contract) return;
    if (failed) {
      successes = 0;
      failures++;
      error = failed.error;
    } else {
      successes++;
      failures = 0;
      lastSuccess = now();
    }
    const reading = proof();
    if (reading.state === told) return;
    told = reading.state;
    options.onChange?.(reading);
  }

  async function go(way: typeof primary, input: I, exercise: boolean): Promise<T> {
    const signal = timeoutMs === undefined ? new AbortController().signal : AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const answer = await Promise.race([way(input, { signal, exercise }), late]);
    if (options.accept?.(answer) === false) throw new Error('The answer is not what `accept` wants.');
    return answer;
  }

  async function second(input: I, exercise: boolean): Promise<T> {
    renew();
    const under = contract;
    try {
      const answer = await go(secondary, input, exercise);
      learn(under);
      return answer;
    } catch (failed) {
      learn(under, { error: failed });
      throw failed;
    }
  }

  const call = async (input: I): Promise<T> => {
    if (due(input)) {
      try {
        return await second(input, true);
      } catch {
        return go(primary, input, false);
      }
    }
    try {
      return await go(primary, input, false);
    } catch (failed) {
      try {
        return await second(input, false);
      } catch {
        throw failed;
      }
    }
  };
  return Object.assign(call, { proof });
}
