import { z } from 'zod';
import { err, ok, type Result } from '#contracts';
import type { Cassette, Question, Take } from './types.ts';

const FORMAT = 'midwatch-cassette/1';

const at = z.number().nonnegative();
const headers = z.record(z.string(), z.string());
const schema = z.strictObject({
  format: z.literal(FORMAT),
  key: z.string().regex(/^[0-9a-f]{32}$/),
  request: z.strictObject({
    method: z.string(),
    host: z.string(),
    path: z.string(),
    headers,
    body: z.unknown(),
  }),
  accepted: z
    .array(
      z.strictObject({ at: z.iso.datetime(), note: z.string(), occurrences: z.array(z.int().nonnegative()) }),
    )
    .default([]),
  takes: z.array(
    z.strictObject({
      occurrence: z.int().nonnegative(),
      recordedAt: z.iso.datetime(),
      release: z.string().optional(),
      ended: z.enum(['whole', 'unfinished', 'failed', 'left', 'connect', 'reset', 'cut', 'malformed']),
      trouble: z.string().optional(),
      bill: z.strictObject({ tokens: z.number(), microUsd: z.number() }).optional(),
      status: z.int().optional(),
      headers,
      headAt: at.optional(),
      endAt: at,
      chunks: z.array(
        z.union([z.strictObject({ at, text: z.string() }), z.strictObject({ at, base64: z.base64() })]),
      ),
    }),
  ),
});

const iso = (ms: number) => new Date(ms).toISOString();

/** The text of one file: fixed order of fields, sorted keys where order means nothing, one line a chunk. */
export function write(cassette: Cassette): string {
  return `${print(
    {
      format: FORMAT,
      key: cassette.key,
      request: {
        ...cassette.request,
        headers: sorted(cassette.request.headers),
        body: sorted(cassette.request.body),
      },
      ...(cassette.accepted.length > 0
        ? { accepted: cassette.accepted.map((a) => ({ ...a, at: iso(a.at) })) }
        : {}),
      takes: cassette.takes.map(takeOut),
    },
    '',
  )}\n`;
}

const takeOut = (take: Take) => ({
  occurrence: take.occurrence,
  recordedAt: iso(take.recordedAt),
  release: take.release,
  ended: take.ended,
  trouble: take.trouble,
  bill: take.bill,
  status: take.status,
  headers: sorted(take.headers),
  headAt: take.headAt,
  endAt: take.endAt,
  chunks: take.chunks,
});

/** Reads a file's text; the error is one sentence for a person. */
export function read(text: string): Result<Cassette, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`is not JSON: ${(error as Error).message}`);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== FORMAT) return err(`has format ${JSON.stringify(format)}, this version reads ${FORMAT}`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err(`is no cassette: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { key, request, accepted, takes } = parsed.data;
  return ok({
    key,
    request,
    accepted: accepted.map((a) => ({ ...a, at: Date.parse(a.at) })),
    takes: takes.map((take) => ({ ...take, recordedAt: Date.parse(take.recordedAt) })),
  });
}

/** `chat-completions.gpt-5.5.<key>.json`: readable, sorted by what it is, and safe on every file system. */
export function fileName({ key, path, model }: Question): string {
  const place = path.split('?')[0]?.split('/').filter(Boolean).slice(-2).join('-') ?? '';
  return `${slug(place)}.${slug(model ?? 'none')}.${key}.json`;
}

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40) || 'none';

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sorted);
  // Null prototype: a member named __proto__ is a member like any other.
  const out: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value).sort()) out[name] = sorted((value as Record<string, unknown>)[name]);
  return out;
}

/** JSON.stringify with two spaces, except that small flat objects (a chunk, a bill) keep to one line. */
function print(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((v) => inner + print(v, inner)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  if (members.length <= 2 && members.every(([, m]) => m === null || typeof m !== 'object'))
    return `{ ${members.map(([n, m]) => `${JSON.stringify(n)}: ${JSON.stringify(m)}`).join(', ')} }`;
  return `{\n${members.map(([n, m]) => `${inner}${JSON.stringify(n)}: ${print(m, inner)}`).join(',\n')}\n${indent}}`;
}
