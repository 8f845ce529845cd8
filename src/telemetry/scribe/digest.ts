import type {
  Axes,
  BodyHash,
  Digest,
  DigestedExchange,
  Exchange,
  Protocol,
  ReleaseId,
  SpooledExchange,
} from '#contracts';
import { canonical, hashBody, hashLink, sha256 } from '#kernel';
import { messageOf } from '../message.ts';

export interface DigestResult {
  readonly digested: DigestedExchange;
  /** Why bodies are missing, or are kept as text, although they were spooled. */
  readonly failed?: string;
}

/** Hashes of bodies and axes. Never throws: bodies that cannot be taken apart are kept as text, and those of a protocol that nobody knows not at all. */
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
    const why = messageOf(error);
    return { digested: join(spooled, asText({ ...spooled, ask }, why)), failed: why };
  }
}

const failed = (spooled: SpooledExchange, why: string): DigestResult => ({
  digested: join(spooled, withoutBodies(spooled.declared)),
  failed: why,
});

/** Name in the envelope that says why what follows is text, and not what was asked piece by piece. */
const KEPT_AS_TEXT = 'midwatch_kept_as_text';
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * An ask nested ten thousand deep is more than any recursion can walk through, and still what somebody sent: one message whose text
 * is the whole of it, in words that every dialect can read, and an envelope that says so.
 */
function asText(
  { facts, declared, ask, answer }: SpooledExchange & { readonly ask: Uint8Array },
  why: string,
): Digest {
  const bodies: [BodyHash, Uint8Array][] = [];
  const keep = (value: unknown): BodyHash => {
    const body = encoder.encode(canonical(value));
    const hash = hashBody(body);
    bodies.push([hash, body]);
    return hash;
  };
  const message = keep({ content: decoder.decode(ask), role: 'user' });
  const link = hashLink(undefined, message);
  const axes = { model: facts.ask.model, ...declared };
  return {
    axes,
    release: releaseOf(axes),
    ask: { messages: link, length: 1, envelope: keep({ [KEPT_AS_TEXT]: why, model: facts.ask.model }) },
    ...(answer && { answer: { messages: messagesOf(decoder.decode(answer)).map(keep) } }),
    bodies: new Map(bodies),
    links: new Map([[link, { message }]]),
  };
}

/** An answer is seldom as deep as its ask. */
function messagesOf(answer: string): readonly unknown[] {
  try {
    const messages: unknown = JSON.parse(answer);
    if (Array.isArray(messages) && canonical(messages) !== '') return messages;
  } catch {
    // Deeper than can be walked through, or no JSON: text, like its ask.
  }
  return [{ content: answer, role: 'assistant' }];
}

/** See `ReleaseId`: a release is named by the hash of its axes, with or without bodies. */
const releaseOf = (axes: Axes): ReleaseId => sha256(canonical(axes)).slice(0, 32) as ReleaseId;

function withoutBodies(axes: Axes, release?: string): Digest {
  const id = (release as ReleaseId | undefined) ?? releaseOf(axes);
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
