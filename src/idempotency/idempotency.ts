import type {
  BodyTrouble,
  Clock,
  Failure,
  Fields,
  Handler,
  Incoming,
  Outcome,
  Outgoing,
  Protocol,
} from '#contracts';
import { exchangeIds, sha256 } from '#kernel';
import { Broadcast, type Head } from './broadcast.ts';
import { follow } from './follow.ts';
import { badKey, badSample, LONGEST_KEY, nobodyKnows, otherBody, tooLargeToJoin } from './refusals.ts';
import { replay } from './replay.ts';
import type { SharedAnswers, Teller } from './shared.ts';
import { type Kept, Shelf } from './shelf.ts';

/** `idempotency:` of the configuration; read anew for each call. */
export interface IdempotencySettings {
  /** How long a finished answer is given again, milliseconds. */
  readonly keep: number;
  /** Bytes of finished answers and of answers under way. */
  readonly memory: number;
  /** How long a call goes on after its last caller has left, milliseconds. */
  readonly linger: number;
  /** What replicas share is away: each by the keys that it has seen itself, or none. */
  readonly whenAway: 'local' | 'closed';
}

export interface IdempotencyPorts {
  readonly clock: Clock;
  readonly protocols: readonly Protocol[];
  readonly settings: () => IdempotencySettings;
  /** Whose keys these are; undefined for a caller who may not come in, and then the handler within says why. */
  readonly caller: (incoming: Incoming) => string | undefined;
  /** The data plane. */
  readonly handler: Handler;
  /** What other replicas ask and answer; absent for a gateway that is alone. */
  readonly shared?: SharedAnswers;
}

export interface Idempotency {
  /** The data plane, with `Idempotency-Key` honoured. A call without one goes straight through. */
  readonly handle: Handler;
  stats(): IdempotencyStats;
  /** Forgets what is kept here. */
  stop(): Promise<void>;
}

export interface IdempotencyStats {
  /** Calls that brought a key and led to an exchange of their own. */
  readonly led: number;
  readonly coalesced: number;
  readonly replayed: number;
  /** Same key, other question. */
  readonly conflicts: number;
  readonly kept: number;
  readonly running: number;
  readonly bytes: number;
}

/** A call under way. */
interface Running {
  readonly fingerprint: string;
  readonly broadcast: Broadcast;
}

/** One answer for all who ask for it here. */
interface Gathering {
  readonly broadcast: Broadcast;
  /** Tells other replicas. */
  teller: Teller | undefined;
  /** Another replica asks, and keeps it. */
  elsewhere: boolean;
}

const KEY = 'idempotency-key';
const SAMPLE = 'x-midwatch-resample';
const TOLD = 'x-midwatch-idempotent';
/** Of the caller's headers, those that change which question is asked. */
const ASKED = ['x-midwatch-route', 'x-midwatch-tenant'] as const;

/**
 * Ends that a model came to by itself, good or not. A transport retry asks for the bytes it missed and not for a better
 * answer, so a truncated or refused one is given again, too; whoever wants another says so with a resample.
 */
const CAME_TO_ITS_END: ReadonlySet<string> = new Set<Outcome>([
  'complete',
  'tool',
  'length',
  'stop',
  'refusal',
  'content_filter',
]);
/** Refusals that the same question earns again. */
const DETERMINISTIC: ReadonlySet<number> = new Set([400, 413, 422]);

export function createIdempotency(ports: IdempotencyPorts): Idempotency {
  const { clock, handler, settings } = ports;
  const byPath = new Map(ports.protocols.map((p) => [`/v1${p.path}`, p]));
  const shelf = new Shelf(clock, settings);
  const running = new Map<string, Running>();
  const nextId = exchangeIds(clock);
  const counts = { led: 0, coalesced: 0, replayed: 0, conflicts: 0 };

  const refuse = (protocol: Protocol, outgoing: Outgoing, failure: Failure, status?: number): void => {
    const said = protocol.writeError(failure, nextId());
    const wait: Fields =
      failure.after === undefined ? {} : { 'retry-after': String(Math.ceil(failure.after / 1000)) };
    outgoing.send(status ?? said.status, { 'content-type': 'application/json', ...wait }, said.body);
  };

  /** Joins whoever comes with the key to one answer, and keeps it when it is over. */
  const gather = (call: Call, outgoing: Outgoing): Gathering => {
    const { name, fingerprint, protocol } = call;
    let lingering: (() => void) | undefined;
    const linger = () => {
      lingering = clock.after(settings().linger, () => {
        const { broadcast, teller } = gathering;
        if (!teller) return broadcast.giveUp();
        // Nobody here waits; somebody may elsewhere.
        void teller.heard().then((heard) => {
          if (!broadcast.deserted) return;
          if (heard) lingering = clock.after(AGAIN_MS, linger);
          else broadcast.giveUp();
        });
      });
    };
    const gathering: Gathering = {
      teller: undefined,
      elsewhere: false,
      broadcast: new Broadcast({
        said: (word) => gathering.teller?.say(word),
        held(change) {
          if (!shelf.account(change) && change > 0) gathering.broadcast.letGo();
        },
        joined: () => lingering?.(),
        deserted: linger,
        over(head, body) {
          lingering?.();
          running.delete(name);
          const { teller, elsewhere } = gathering;
          const keeps = !elsewhere && head && body && worthKeeping(head, body, protocol);
          teller?.over(keeps ? settings().keep : 0);
          if (keeps)
            shelf.put(name, { ...head, body, fingerprint, ...(teller && { dropped: () => teller.drop() }) });
        },
      }),
    };
    running.set(name, { fingerprint, broadcast: gathering.broadcast });
    gathering.broadcast.join(outgoing, {});
    return gathering;
  };

  const lead = ({ incoming, body }: Call, { broadcast }: Gathering): void => {
    counts.led++;
    handler(incoming, broadcast)?.(body);
  };

  /** Asks only if no other replica does or has. */
  const settle = async (call: Call, gathering: Gathering, shared: SharedAnswers): Promise<void> => {
    const { protocol } = call;
    const { broadcast } = gathering;
    for (;;) {
      const claim = await shared.claim(call.name, call.fingerprint);
      if (!broadcast.running) {
        if ('teller' in claim) claim.teller.over(0);
        return;
      }
      if (claim.is === 'mine' || (claim.is === 'away' && settings().whenAway === 'local')) {
        gathering.teller = claim.teller;
        return lead(call, gathering);
      }
      if (claim.is === 'away') {
        claim.teller.over(0);
        return refuse(protocol, broadcast, nobodyKnows(), 503);
      }
      if (claim.is === 'other') {
        counts.conflicts++;
        return refuse(protocol, broadcast, otherBody(), 422);
      }
      gathering.elsewhere = true;
      const how = claim.over ? 'replayed' : 'coalesced';
      if (
        await follow(broadcast, claim.tale, { [TOLD]: how }, (failure) =>
          protocol.writeStreamError(failure, nextId()),
        )
      ) {
        counts[how]++;
        return;
      }
      gathering.elsewhere = false;
    }
  };

  const serve = (call: Call, outgoing: Outgoing): void => {
    const { name, fingerprint, protocol } = call;
    const under = running.get(name);
    const kept = under ? undefined : shelf.get(name);
    const first: Running | Kept | undefined = under ?? kept;
    if (first && first.fingerprint !== fingerprint) {
      counts.conflicts++;
      refuse(protocol, outgoing, otherBody(), 422);
    } else if (kept) {
      counts.replayed++;
      replay(kept, outgoing, { [TOLD]: 'replayed' });
    } else if (!under) {
      const gathering = gather(call, outgoing);
      if (ports.shared) void settle(call, gathering, ports.shared);
      else lead(call, gathering);
    } else if (under.broadcast.joinable) {
      counts.coalesced++;
      under.broadcast.join(outgoing, { [TOLD]: 'coalesced' });
    } else refuse(protocol, outgoing, tooLargeToJoin(), 409);
  };

  const handle: Handler = (incoming, outgoing) => {
    const key = incoming.headers[KEY];
    if (key === undefined) return handler(incoming, outgoing);
    const protocol = incoming.method === 'POST' ? byPath.get(incoming.path) : undefined;
    const caller = protocol && ports.caller(incoming);
    // Nobody's key, or a path without a question: whoever is inside has the right words for that.
    if (!protocol || caller === undefined) return handler(incoming, outgoing);
    if (key === '' || key.length > LONGEST_KEY) return void refuse(protocol, outgoing, badKey());
    const sample = incoming.headers[SAMPLE] ?? '';
    if (!SAMPLES.test(sample)) return void refuse(protocol, outgoing, badSample(sample));
    return (body: Uint8Array | BodyTrouble) => {
      if (typeof body === 'string') return handler(incoming, outgoing)?.(body);
      const name = JSON.stringify([caller, incoming.path, key, sample]);
      const fingerprint = fingerprintOf(incoming, body);
      serve({ name, fingerprint, protocol, body, incoming: asSample(incoming, key, sample) }, outgoing);
    };
  };

  return {
    handle,
    stats: () => ({ ...counts, kept: shelf.size, running: running.size, bytes: shelf.bytes }),
    async stop() {
      shelf.clear();
      await ports.shared?.close();
    },
  };
}

/** Between two looks for callers of other replicas. */
const AGAIN_MS = 1_000;

const SAMPLES = /^([1-9]\d{0,5})?$/;

interface Call {
  /** Caller, path, key and sample as one text. */
  readonly name: string;
  readonly fingerprint: string;
  readonly protocol: Protocol;
  readonly incoming: Incoming;
  readonly body: Uint8Array;
}

/** Credentials and traces may differ between two tries of one question; its bytes and its way may not. */
function fingerprintOf({ headers, query }: Incoming, body: Uint8Array): string {
  return sha256(`${sha256(body)}${JSON.stringify([query, ...ASKED.map((name) => headers[name] ?? '')])}`);
}

/** A provider that honours the key itself would give the first answer again. */
const asSample = (incoming: Incoming, key: string, sample: string): Incoming =>
  sample === ''
    ? incoming
    : { ...incoming, headers: { ...incoming.headers, [KEY]: `${key}-resample-${sample}` } };

function worthKeeping({ status, headers, streamed }: Head, body: Uint8Array, protocol: Protocol): boolean {
  if (status >= 200 && status < 300) {
    const outcome = streamed ? outcomeOfStream(body, protocol) : headers['x-midwatch-outcome'];
    return outcome !== undefined && CAME_TO_ITS_END.has(outcome);
  }
  // A refusal of our own costs nothing to repeat, and a reload may mend what it was about.
  return DETERMINISTIC.has(status) && Number(headers['x-midwatch-attempts']) > 0;
}

/** The head of a stream goes out before its outcome is known. */
function outcomeOfStream(body: Uint8Array, protocol: Protocol): Outcome {
  const scanner = protocol.scanStream();
  scanner.push(body);
  return scanner.failure ? 'error' : scanner.read(true).outcome;
}
