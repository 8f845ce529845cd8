import { z } from 'zod';
import type { ApiError, KeyCreated, KeyView, Me, Status, SystemView } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const bytes = z.number();
const ms = z.number().describe('Milliseconds.');

export const status = z.object({
  version: z.string(),
  startedAt: epoch,
  state: z.enum(['starting', 'ready', 'draining']),
  open: z.boolean().describe('No key exists: loopback callers need none.'),
  simulated: z.boolean(),
  database: z.enum(['up', 'down']),
});
true satisfies Same<Status, z.output<typeof status>>;

export const me = z.object({ role: z.enum(['viewer', 'operator', 'admin']), name: z.string() });
true satisfies Same<Me, z.output<typeof me>>;

export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string().optional(),
  tenant: z.string().optional(),
  routes: z.array(z.string()).optional().describe('Absent means all.'),
  hint: z.string().describe('First characters, to recognise it.'),
  createdAt: epoch,
  expiresAt: epoch.optional(),
  revokedAt: epoch.optional(),
  lastUsedAt: epoch.optional(),
});
true satisfies Same<KeyView, z.output<typeof keyView>>;

export const keyCreated = keyView.extend({
  key: z.string().describe('In this answer and never again anywhere.'),
});
true satisfies Same<KeyCreated, z.output<typeof keyCreated>>;

export const systemView = z.object({
  version: z.string(),
  bun: z.string(),
  platform: z.string(),
  startedAt: epoch,
  now: epoch,
  listen: z.string(),
  dataDir: z.string(),
  configFile: z.string().optional(),
  memory: z.object({ rss: bytes, heapUsed: bytes }),
  gateway: z.object({
    inFlight: z.number(),
    streams: z.number(),
    requests: z.number(),
    authFailures: z.number(),
  }),
  spool: z.object({
    taken: z.number(),
    waiting: z.number(),
    bytes,
    segments: z.number(),
    maxBytes: bytes,
    dropped: z.number(),
    trouble: z.string().optional(),
    lagMs: ms,
  }),
  database: z.object({
    kind: z.enum(['embedded', 'external']),
    state: z.enum(['up', 'down']),
    trouble: z.string().optional(),
    version: z.string().optional(),
    schema: z.number().optional(),
    bytes: bytes.optional(),
    exchanges: z.number().optional(),
    oldestDay: z.string().optional(),
    partitions: z.array(z.object({ day: z.string(), table: z.string(), bytes })).optional(),
  }),
  retention: z.object({
    exchangesMs: ms,
    bodiesMs: ms,
    rollupsMs: ms,
    diskBytes: bytes,
    usedBytes: bytes.optional(),
  }),
  disk: z.object({ freeBytes: bytes, totalBytes: bytes }),
  prices: z.object({ version: z.string() }),
});
true satisfies Same<SystemView, z.output<typeof systemView>>;

export const apiError = z.object({
  error: z.object({
    code: z.string().describe('For programs.'),
    message: z.string().describe('What is wrong.'),
    hint: z.string().describe('What to do.'),
  }),
});
true satisfies Same<ApiError, z.output<typeof apiError>>;
