import { z } from 'zod';
import {
  type ApiError,
  type AuditEntry,
  type AuditPage,
  type KeyCreated,
  type KeyView,
  type Me,
  ROLES,
  type Status,
  type SystemView,
  type TokenCreated,
  type TokenView,
} from '#contracts';
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

export const me = z.object({ role: z.enum(ROLES), name: z.string() });
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

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  hint: z.string().describe('First characters, to recognise it.'),
  createdAt: epoch,
  expiresAt: epoch.optional(),
  revokedAt: epoch.optional(),
});
true satisfies Same<TokenView, z.output<typeof tokenView>>;

export const tokenCreated = tokenView.extend({
  token: z.string().describe('In this answer and never again anywhere.'),
});
true satisfies Same<TokenCreated, z.output<typeof tokenCreated>>;

export const auditEntry = z.object({
  at: epoch,
  actor: z.string().describe('Name of the token, `admin` for the admin token, `midwatch up` for the start.'),
  action: z.string(),
  subject: z.string().optional().describe('Id of what was changed.'),
  detail: z.unknown().optional(),
});
true satisfies Same<AuditEntry, z.output<typeof auditEntry>>;

export const auditPage = z.object({ rows: z.array(auditEntry), next: z.string().optional() });
true satisfies Same<AuditPage, z.output<typeof auditPage>>;

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
    lag: z.object({ stalls: z.number(), lateMs: ms, worstMs: ms }),
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
  threads: z
    .array(
      z.object({
        thread: z.number().describe('Counted from the first, which is 1.'),
        state: z.enum(['starting', 'serving', 'gone']),
        restarts: z.number().describe('How often it ended by itself and was begun again.'),
        requests: z.number(),
        inFlight: z.number(),
      }),
    )
    .optional()
    .describe('Further gateway threads on the same port; their figures are in the sums above.'),
  replicas: z
    .object({
      replica: z.string().describe('Name of this one, the same after a restart.'),
      state: z.enum(['connecting', 'up', 'away']),
      since: epoch,
      trouble: z.string().optional(),
      peers: z.array(z.string()).describe('Names of the others heard within half a minute.'),
    })
    .optional()
    .describe('What is shared through Redis; absent where none is configured.'),
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
    dropped: z
      .object({
        exchanges: z.number(),
        bytes,
        days: z.array(
          z.object({
            at: epoch,
            day: z.string(),
            table: z.string(),
            bytes,
            exchanges: z.number().optional(),
          }),
        ),
      })
      .optional()
      .describe('What the disk budget has cost before its time.'),
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
