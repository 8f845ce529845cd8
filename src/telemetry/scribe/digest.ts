import type {
  Axes,
  Digest,
  DigestedExchange,
  Exchange,
  Protocol,
  ReleaseId,
  SpooledExchange,
} from '#contracts';
import { canonical, sha256 } from '#kernel';
import { messageOf } from '../message.ts';

export interface DigestResult {
  readonly digested: DigestedExchange;
  /** Why bodies are missing although they were spooled. */
  readonly failed?: string;
}

/** Hashes of bodies and axes. Never throws: an exchange whose bodies cannot be read is kept with its facts alone. */
export function digestSpooled(
  spooled: SpooledExchange,
  protocols: (name: string) => Protocol | undefined,
): DigestResult {
  const { facts, declared, ask, answer } = spooled;
  if (!ask)
    return {
      digested: join(spooled, withoutBodies(spooled.digest?.axes ?? declared, spooled.digest?.release)),
    };
  const protocol = protocols(facts.protocol);
  if (!protocol) return failed(spooled, `protocol ${facts.protocol} is not known`);
  try {
    return { digested: join(spooled, protocol.digest(ask, answer, declared)) };
  } catch (error) {
    return failed(spooled, messageOf(error));
  }
}

const failed = (spooled: SpooledExchange, why: string): DigestResult => ({
  digested: join(spooled, withoutBodies(spooled.declared)),
  failed: why,
});

function withoutBodies(axes: Axes, release?: string): Digest {
  // See `ReleaseId`: a release is named by the hash of its axes, with or without bodies.
  const id = (release ?? sha256(canonical(axes)).slice(0, 32)) as ReleaseId;
  return { axes, release: id, bodies: new Map(), links: new Map() };
}

function join({ facts }: SpooledExchange, digest: Digest): DigestedExchange {
  const exchange: Exchange = {
    ...facts,
    release: digest.release,
    ...(digest.ask ? { askRecord: digest.ask } : undefined),
    ...(digest.answer ? { answerRecord: digest.answer } : undefined),
  };
  return { exchange, digest };
}
