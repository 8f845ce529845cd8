import { z } from 'zod';
import { err, type Fields, ok, type Protocol, type Result } from '#contracts';
import { memberSpan } from '#kernel';
import { badField, notJson, type Refusal } from './refusals.ts';

/** A run as it is asked for, checked. */
export interface Submission {
  readonly endpoint: string;
  readonly model: string;
  /** The bytes of `body` as the caller wrote them. */
  readonly ask: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly webhook?: { readonly url: string; readonly secret?: string };
}

const webUrl = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[^\s/?#]+/i, 'must be an http or https URL');

const schema = z.strictObject({
  endpoint: z.string(),
  body: z.looseObject({}),
  webhook: z.strictObject({ url: webUrl, secret: z.string().min(16).max(256).optional() }).optional(),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((value) => Object.keys(value).length <= 16, 'takes up to 16 entries')
    .optional(),
});

/** Checks a run before it is accepted: what nobody could ever answer is better refused now than found out later. */
export function readSubmission(
  bytes: Uint8Array,
  byPath: ReadonlyMap<string, Protocol>,
  webhookHosts: readonly string[],
): Result<Submission, Refusal> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return err(notJson());
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') ?? '';
    return err(badField(path, `${path === '' ? 'The run' : path}: ${issue?.message ?? 'cannot be read'}.`));
  }
  const { endpoint, webhook, metadata } = parsed.data;
  const protocol = byPath.get(endpoint);
  if (!protocol) return err(badField('endpoint', `endpoint takes one of ${[...byPath.keys()].join(', ')}.`));
  const host = webhook && URL.parse(webhook.url)?.hostname;
  if (webhook && (!host || !webhookHosts.some((pattern) => fits(pattern, host))))
    return err(
      badField(
        'webhook.url',
        `webhook.url: ${host || 'this'} is no host that may be told; use one that runs.webhookHosts allows.`,
      ),
    );
  const span = memberSpan(bytes, 'body');
  const ask = span ? bytes.slice(span.start, span.end) : bytes;
  const read = protocol.readAsk(ask);
  if (!read.ok)
    return err(
      badField(read.error.param === undefined ? 'body' : `body.${read.error.param}`, read.error.hint),
    );
  return ok({
    endpoint,
    model: read.value.facets.model,
    ask,
    ...(metadata && { metadata }),
    ...(webhook && {
      webhook: { url: webhook.url, ...(webhook.secret !== undefined && { secret: webhook.secret }) },
    }),
  });
}

const fits = (pattern: string, host: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    'i',
  ).test(host);

/** Goes with the question when it is asked later; credentials and what belongs to one connection do not. */
const KEPT = /^(x-midwatch-|anthropic-|openai-|traceparent$|tracestate$)/;
const LEFT_OUT = new Set(['x-midwatch-run', 'x-midwatch-resample']);

export const keptHeaders = (headers: Fields): Fields =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT.test(name) && !LEFT_OUT.has(name)));
