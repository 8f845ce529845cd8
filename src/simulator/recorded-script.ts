import { z } from 'zod';
import type { Call, JsonObject } from './call.ts';
import { badRequest, type Problem } from './problem.ts';
import type { Part, Script } from './script.ts';

const chunk = z.strictObject({
  bytes: z.base64(),
  delayMs: z.number().nonnegative().default(0),
});

const schema = z.strictObject({
  status: z.number().int().min(200).max(599).default(200),
  headers: z
    .union([z.record(z.string(), z.string()), z.array(z.tuple([z.string(), z.string()]))])
    .default({}),
  /** Before the head. */
  delayMs: z.number().nonnegative().default(0),
  chunks: z.array(chunk).default([]),
  /** Without it the body is chunked; with it, content-length is sent and is right. */
  framing: z.enum(['chunked', 'length']).default('chunked'),
  ending: z.enum(['clean', 'reset', 'close', 'framing', 'silence']).default('clean'),
});

/** What `x-sim-script` carries, base64 of JSON. */
export type RecordedScript = z.input<typeof schema>;

/** Plays exactly the bytes given: for tests that need an upstream which says anything at all. */
export function recordedScript(call: Call, body: JsonObject | undefined): Script | Problem {
  const header = call.header('x-sim-script');
  const source = header === undefined ? body?.sim_script : decode(header);
  if (source === undefined)
    return badRequest(
      'Model "sim-script" needs the header x-sim-script (base64 of JSON) or the member sim_script.',
    );
  const read = schema.safeParse(source);
  if (!read.success) return badRequest(`x-sim-script: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`);
  const { status, headers, delayMs, chunks, framing, ending } = read.data;
  const parts = chunks.map(
    (c): Part => ({ after: c.delayMs, data: new Uint8Array(Buffer.from(c.bytes, 'base64')), role: 'noise' }),
  );
  return {
    opening: 'answer',
    before: delayMs,
    status,
    headers: Array.isArray(headers) ? headers : Object.entries(headers),
    length: framing === 'length' ? parts.reduce((sum, part) => sum + part.data.length, 0) : undefined,
    parts,
    ending,
  };
}

function decode(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch {
    return null;
  }
}
