import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { factsOf } from '../testing.ts';
import { decodeFrame, endFrame, type Frame, frameLength } from './frame.ts';
import { createGather } from './gather.ts';
import { readMeta } from './meta.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const frame = fc.record({
  meta: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  ask: fc.option(bytes, { nil: undefined }),
  answer: fc.option(bytes, { nil: undefined }),
});

const keep = (meta: Uint8Array) => meta;
const text = (b: Uint8Array | undefined) => b && Buffer.from(b).toString('hex');

const metaOf = (route: string) => ({ facts: factsOf(0, { route }), declared: {} });

function encode(frames: readonly { meta: string; ask?: Uint8Array; answer?: Uint8Array }[]): Uint8Array {
  const gather = createGather();
  for (const { meta, ask, answer } of frames) gather.add({ meta: metaOf(meta), ask, answer }, keep);
  return Uint8Array.from(gather.view());
}

/** All frames up to the first place where there is none. */
function decodeAll(b: Uint8Array): Frame[] {
  const found: Frame[] = [];
  for (let at = 0; ; ) {
    const decoded = decodeFrame(b, at);
    if (decoded.kind === 'partial' || decoded.kind === 'broken') return found;
    found.push(decoded);
    at = decoded.end;
  }
}

test('whatever goes in comes out: any text, any bytes, absent and empty kept apart', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), (frames) => {
      const decoded = decodeAll(Buffer.concat([encode(frames), endFrame()]));
      expect(decoded.pop()?.kind).toBe('end');
      expect(
        decoded.map(
          (d) => d.kind === 'exchange' && [readMeta(d.meta).facts.route, text(d.ask), text(d.answer)],
        ),
      ).toEqual(frames.map((f) => [f.meta, text(f.ask), text(f.answer)]));
    }),
  );
});

test('texts that masking makes longer or shorter do not disturb their frame', () => {
  const gather = createGather();
  const masks = ['[]', '["x"]', JSON.stringify(['much longer than before'.repeat(100_000)])];
  for (const mask of masks)
    gather.add({ meta: metaOf('meta'), ask: Buffer.from('ask') }, () => Buffer.from(mask));
  const decoded = decodeAll(gather.view());
  expect(decoded.map((d) => d.kind === 'exchange' && [textsOf(d.meta), text(d.ask)])).toEqual(
    masks.map((mask) => [mask, text(Buffer.from('ask'))]),
  );
});

const textsOf = (meta: Uint8Array) =>
  Buffer.from(meta.subarray(4, 4 + Buffer.from(meta).readUInt32LE(0))).toString();

test('cut at every byte: exactly the whole frames before the cut', () => {
  const frames = Array.from({ length: 5 }, (_, i) => ({ meta: `meta ${i}`, ask: Buffer.alloc(i * 7, i) }));
  const whole = encode(frames);
  const ends = decodeAll(whole).map((f) => f.end);
  expect(ends).toHaveLength(5);
  for (let cut = 0; cut <= whole.length; cut++)
    expect(decodeAll(whole.subarray(0, cut))).toHaveLength(ends.filter((end) => end <= cut).length);
});

test('damaged at every byte: exactly the intact frames before the damage', () => {
  const frames = Array.from({ length: 5 }, (_, i) => ({ meta: `meta ${i}`, answer: Buffer.alloc(i * 7, i) }));
  const whole = encode(frames);
  const ends = decodeAll(whole).map((f) => f.end);
  for (let at = 0; at < whole.length; at++)
    for (const bit of [1, 0x80]) {
      const damaged = Uint8Array.from(whole);
      damaged[at]! ^= bit;
      expect(decodeAll(damaged)).toHaveLength(ends.filter((end) => end <= at).length);
    }
});

test('a tail of zeros is no frame, and noise is never read as one', () => {
  expect(decodeFrame(new Uint8Array(4_096), 0).kind).toBe('broken');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 400 }), (noise) => {
      expect(['broken', 'partial']).toContain(decodeFrame(noise, 0).kind);
      const length = frameLength(noise, 0);
      if (length !== undefined) expect(length).toBeGreaterThan(0);
    }),
  );
});
