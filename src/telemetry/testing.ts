import { afterAll } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Digest,
  type DigestedExchange,
  type ExchangeFacts,
  type ExchangeId,
  type ExchangeWriter,
  type Finished,
  NO_COST,
  NO_USAGE,
  type Protocol,
} from '#contracts';
import { canonical, hashBody, sha256 } from '#kernel';
import type { BodyRedactor } from './redact/types.ts';

/** What the tests of this room share; nothing of the product imports it. */

/** Removed after the test, or the file, that asks for it. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-telemetry-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const idOf = (n: number): ExchangeId =>
  `01936f2e-0000-7000-8000-${n.toString(16).padStart(12, '0')}` as ExchangeId;

export function factsOf(n: number, more: Partial<ExchangeFacts> = {}): ExchangeFacts {
  return {
    id: idOf(n),
    at: 1_790_000_000_000 + n,
    kind: 'model',
    source: 'gateway',
    route: 'support',
    protocol: 'plain',
    observed: { model: 'gpt-5.5-2026-01-01', fingerprint: 'fp_44709d6fcb', serviceTier: 'default' },
    who: { key: 'k_8f2a', tenant: 'acme', user: 'u-123', feature: 'chat' },
    place: { thread: 't-1234', task: 'task-88' },
    ask: {
      model: 'support',
      stream: true,
      turns: 3,
      tools: 0,
      images: 0,
      audios: 0,
      structured: false,
      choices: 1,
      stops: 0,
      bytes: 1022,
    },
    attempts: [
      {
        number: 1,
        cause: 'first',
        tier: 'primary',
        provider: 'openai',
        model: 'gpt-5.5',
        startedAt: 1_790_000_000_000 + n,
        outcome: 'complete',
        status: 200,
        usage: { ...NO_USAGE, input: 120, output: 220, basis: 'reported' },
        cost: { microUsd: 1234, state: 'exact', priceVersion: '0.1.8', parts: { input: 500, output: 734 } },
        timing: { headers: 120.2, firstByte: 121, firstToken: 122, total: 812.5 },
        providerRequestId: 'req_0123456789abcdef',
      },
    ],
    verdicts: [],
    tier: { intended: 'primary', served: 'primary' },
    outcome: 'complete',
    usage: { ...NO_USAGE, input: 120, output: 220, basis: 'reported' },
    cost: NO_COST,
    timing: { queued: 0.1, firstByte: 121, firstToken: 122, total: 812.5, overhead: 0.3 },
    status: 200,
    record: 'full',
    ...more,
  };
}

export const finishedOf = (n: number, more: Partial<Finished> = {}): Finished => ({
  facts: factsOf(n),
  declared: { model: 'support' },
  ask: Buffer.from(
    JSON.stringify({ model: 'support', messages: [{ role: 'user', content: `question ${n}` }] }),
  ),
  answer: Buffer.from(JSON.stringify([{ role: 'assistant', content: `answer ${n}` }])),
  ...more,
});

/** Takes each body as one; enough for a room that only calls `digest`. */
export const plainProtocol = {
  digest(ask, answer, declared): Digest {
    const bodies = [ask, ...(answer ? [answer] : [])].map((body) => [hashBody(body), body] as const);
    return {
      axes: declared,
      release: sha256(canonical(declared)).slice(0, 32) as Digest['release'],
      bodies: new Map(bodies),
      links: new Map(),
    };
  },
} satisfies Pick<Protocol, 'digest'>;

export const plainProtocols = (name: string): Protocol | undefined =>
  name === 'plain' ? (plainProtocol as unknown as Protocol) : undefined;

export const openRedactor: BodyRedactor = {
  secrets: (text) => ({ text, count: 0 }),
  personal: (text) => ({ text, count: 0 }),
  secretsIn: (body) => body,
  personalIn: (body) => body,
};

/** Idempotent on exchange id, as the port asks. `refuse` throws what a database would. */
export function memoryWriter(refuse: (batch: readonly DigestedExchange[]) => void = () => undefined) {
  const rows = new Map<string, DigestedExchange>();
  const order: string[] = [];
  let calls = 0;
  const writer: ExchangeWriter = {
    async write(batch) {
      calls++;
      await new Promise<void>((resolve) => setImmediate(resolve));
      refuse(batch);
      let inserted = 0;
      for (const row of batch) {
        if (rows.has(row.exchange.id)) continue;
        rows.set(row.exchange.id, row);
        order.push(row.exchange.id);
        inserted++;
      }
      return { inserted };
    },
  };
  return { writer, rows, order, calls: () => calls };
}
