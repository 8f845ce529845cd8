import { z } from 'zod';
import type { Part, Script } from '../../script.ts';
import { defineFault } from '../define.ts';
import { count, milliseconds } from '../params.ts';

export const fault = defineFault({
  name: 'slow-drip',
  version: 1,
  summary: 'Sends the answer a few bytes at a time, splitting characters and events anywhere.',
  main: 'gap',
  params: z.strictObject({
    gap: milliseconds.default(2).describe('Between two drops.'),
    size: z.coerce.number().int().min(1).default(1).describe('Bytes in a drop.'),
    bytes: count.default(1000).describe('How many bytes drip; what follows comes at its own pace.'),
  }),
  effects: ({ gap, size, bytes }) => ({
    script: (script) => ({ ...script, parts: drops(script, gap, size, bytes) }),
  }),
});

function* drops(script: Script, gap: number, size: number, bytes: number): Generator<Part> {
  let left = bytes;
  for (const part of script.parts) {
    const data = typeof part.data === 'string' ? Buffer.from(part.data) : part.data;
    let at = 0;
    for (; at < data.length && left > 0; at += size, left -= size) {
      const drop = data.subarray(at, at + size);
      const last = at + size >= data.length;
      yield { ...part, after: at === 0 ? part.after + gap : gap, data: drop, tokens: last ? part.tokens : 0 };
    }
    if (at < data.length || data.length === 0)
      yield { ...part, after: at === 0 ? part.after : 0, data: data.subarray(at) };
  }
}
