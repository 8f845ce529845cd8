import type { Asked, Segment } from './asked.ts';
import { inputTokens } from './tokens.ts';

export interface CachedInput {
  readonly read: number;
  readonly write: number;
  readonly writeLong: number;
}

/** Shorter prompts are never cached, with either provider. */
const LEAST = 1024;
/** OpenAI caches whole blocks of 128 tokens. */
const BLOCK = 128;
const BLOCK_BYTES = BLOCK * 4;
/** A block further on than this is not looked for: a 32 MB prompt would otherwise leave 65,000 entries. */
const MOST_BLOCKS = 2048;
const MOST_ENTRIES = 200_000;
const LIFE = { '5m': 300_000, '1h': 3_600_000 } as const;
const NONE: CachedInput = Object.freeze({ read: 0, write: 0, writeLong: 0 });

/**
 * Prompt caches of both providers, per key and model. OpenAI: implicit, the longest prefix seen before in whole blocks.
 * Anthropic: up to the breakpoints the caller sets; the longest prefix written before is read, the rest is written.
 */
export function promptCache() {
  const until = new Map<bigint, number>();
  const remember = (hash: bigint, expires: number) => {
    // Re-inserted, so that the oldest use stands first and goes first.
    until.delete(hash);
    until.set(hash, expires);
    if (until.size > MOST_ENTRIES) for (const oldest of until.keys()) return void until.delete(oldest);
  };
  const known = (hash: bigint, now: number) => (until.get(hash) ?? 0) > now;

  const openai = (segments: readonly Segment[], scope: bigint, now: number): CachedInput => {
    const bytes = Buffer.from(segments.map((segment) => segment.text).join(''));
    const blocks = Math.min(Math.floor(bytes.length / BLOCK_BYTES), MOST_BLOCKS);
    let hash = scope;
    let read = 0;
    let unbroken = true;
    for (let i = 0; i < blocks; i++) {
      hash = Bun.hash.wyhash(bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES), hash);
      const tokens = (i + 1) * BLOCK;
      if (tokens < LEAST) continue;
      unbroken &&= known(hash, now);
      if (unbroken) read = tokens;
      remember(hash, now + LIFE['5m']);
    }
    return { read, write: 0, writeLong: 0 };
  };

  const anthropic = (segments: readonly Segment[], scope: bigint, now: number): CachedInput => {
    let hash = scope;
    let tokens = 0;
    let read = 0;
    const out = { write: 0, writeLong: 0 };
    const marks: { hash: bigint; tokens: number; life: '5m' | '1h' }[] = [];
    for (const segment of segments) {
      hash = Bun.hash.wyhash(segment.text, hash);
      tokens += segmentTokens(segment);
      if (tokens < LEAST) continue;
      if (known(hash, now)) read = tokens;
      if (segment.breakpoint) marks.push({ hash, tokens, life: segment.breakpoint });
    }
    read = Math.min(read, marks.at(-1)?.tokens ?? 0);
    let from = read;
    for (const mark of marks) {
      const fresh = Math.max(0, mark.tokens - from);
      if (mark.life === '1h') out.writeLong += fresh;
      else out.write += fresh;
      from = Math.max(from, mark.tokens);
      remember(mark.hash, now + LIFE[mark.life]);
    }
    return { read, ...out };
  };

  return (asked: Asked, family: 'openai' | 'anthropic', key: string, now: number): CachedInput => {
    const total = asked.segments.reduce((sum, segment) => sum + segmentTokens(segment), 0);
    if (total < LEAST) return NONE;
    const scope = Bun.hash.wyhash(`${family} ${asked.model} ${key}`);
    return (family === 'openai' ? openai : anthropic)(asked.segments, scope, now);
  };
}

export const segmentTokens = (segment: Segment): number =>
  inputTokens(segment.text) + (segment.media?.tokens ?? 0);
