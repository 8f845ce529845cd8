import { z } from 'zod';
import { type AskFacets, duration, err, type Fields, ok, type Protocol, type Result } from '#contracts';
import { memberSpan } from '#kernel';
import { badField, notJson, type Refusal } from './refusals.ts';

/** A run as it is asked for, checked. */
export interface Submission {
  readonly endpoint: string;
  readonly model: string;
  readonly protocol: Protocol;
  readonly facets: AskFacets;
  /** How long it can wait for a calmer hour, milliseconds; 0: not at all; absent: as its route has it. */
  readonly defer?: number;
  /** The bytes of `body` as the caller wrote them. */
  readonly ask: Uint8Array;
  /** A person has to say yes first; `within` milliseconds, absent: as configured. */
  readonly approval?: { readonly within?: number; readonly why?: string };
  readonly metadata?: Readonly<Record<string, string>>;
  readonly webhook?: { readonly url: string; readonly secret?: string };
}

const webUrl = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[^\s/?#]+/i);

/** A week: what comes after it is the same week again. */
const MOST_DEFERRED = 7 * 86_400_000;

/** Who has not answered in a month is not going to. */
const LONGEST_APPROVAL = 30 * 86_400_000;

const approval = z.union([
  z.boolean(),
  z.strictObject({
    within: duration.refine((ms) => ms > 0 && ms <= LONGEST_APPROVAL).optional(),
    why: z.string().trim().min(1).max(500).optional(),
  }),
]);

const schema = z.strictObject({
  endpoint: z.string(),
  body: z.looseObject({}),
  webhook: z.strictObject({ url: webUrl, secret: z.string().min(16).max(256).optional() }).optional(),
  defer: duration.refine((ms) => ms <= MOST_DEFERRED).optional(),
  approval: approval.optional(),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((value) => Object.keys(value).length <= 16)
    .optional(),
});

/** What each field takes; the schema's own words are about its parts. */
const TAKES: Readonly<Record<string, string>> = {
  '': 'a JSON object with `endpoint` and `body`',
  endpoint: 'the path that the body is for, such as "/v1/chat/completions"',
  body: 'the request itself, a JSON object as that endpoint takes it',
  webhook: 'an object with `url` and, if you like, `secret`',
  'webhook.url': 'an http or https URL of up to 2000 characters',
  'webhook.secret': 'a text of 16 to 256 characters',
  defer: 'how long the run can wait for a calmer hour, such as "8h", a week at most; 0 begins it at once',
  approval:
    'true, or an object with `within` (how long somebody has to say yes, such as "4h", 30d at most) and `why` (up to 500 characters for whoever decides)',
  metadata: 'an object of up to 16 names of up to 64 characters, each with a text of up to 512',
};

/** Of the fields that are objects. */
const MEMBERS: Readonly<Record<string, string>> = { webhook: 'url, secret', approval: 'within, why' };

function inWords(issue: z.core.$ZodIssue): { readonly path: string; readonly says: string } {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = MEMBERS[path] ?? Object.keys(schema.shape).join(', ');
    return {
      path: path === '' ? key : `${path}.${key}`,
      says: `${path || 'A run'} takes ${known}; nobody knows "${key}".`,
    };
  }
  const field = path in TAKES ? path : String(issue.path[0]);
  return { path, says: `${field || 'A run'} takes ${TAKES[field]}.` };
}

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
    const { path, says } = inWords(parsed.error.issues[0] as z.core.$ZodIssue);
    return err(badField(path, says));
  }
  const { endpoint, webhook, metadata, defer, approval } = parsed.data;
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
    protocol,
    facets: read.value.facets,
    ask,
    ...(defer !== undefined && { defer }),
    ...(approval && { approval: approval === true ? {} : approvalOf(approval) }),
    ...(metadata && { metadata }),
    ...(webhook && {
      webhook: { url: webhook.url, ...(webhook.secret !== undefined && { secret: webhook.secret }) },
    }),
  });
}

const approvalOf = ({ within, why }: { readonly within?: number; readonly why?: string }) => ({
  ...(within !== undefined && { within }),
  ...(why !== undefined && { why }),
});

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
