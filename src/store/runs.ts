import {
  type ClaimedRun,
  type DueWebhook,
  type Fields,
  type Outcome,
  type Run,
  type RunDecision,
  type RunEvent,
  type RunState,
  type RunStore,
  StoreUnavailable,
  type WebhookState,
} from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Database, Row, Session } from './connection.ts';
import { present } from './parts.ts';

/** By the server's clock, which all workers share; of one statement, not of its transaction. */
const NOW = 'extract(epoch from clock_timestamp())::float8 * 1000';

/** Everything but the bodies, which are large and rarely asked for. */
const HEAD = `id, key, endpoint, model, metadata, resample_of, state, cancelling, created_at, begins_at, started_at, finished_at,
  executions, outcome, status, exchange, trouble, webhook_url, webhook_state, webhook_tries,
  approve_until, approve_why, decision, decided_by, decided_at, decided_why`;

/** Whoever decided needs no more telling that somebody should. */
const HUSH = `webhook_state = case when webhook_url is null then null else 'waiting' end, webhook_tries = 0, webhook_due = null`;
const OPEN = `state in ('queued', 'running')`;
/** What puts the news of an end on its way, and forgets how it went with those of an approval. */
const TELL = `webhook_state = case when webhook_url is null then null else 'waiting' end, webhook_tries = 0,
  webhook_due = case when webhook_url is null then null else ${NOW} end`;

export const runStore = (database: Database): RunStore => ({
  create: (run) =>
    database.transaction(async (tx) => {
      const { webhook, metadata, approval } = run;
      const [created] = await tx.query(
        `insert into runs (id, key, idempotency_key, fingerprint, endpoint, model, headers, metadata, resample_of, state,
           created_at, webhook_url, webhook_secret, webhook_state, ask, begins_at, lease, approve_within, approve_until,
           approve_why, webhook_due)
         values ($1, $2, $3, $4, $5, $6, $7::text::json, $8::text::json, $9,
           case when $16::float8 is null then 'queued' else 'awaiting_approval' end, $10, $11, $12, $13, $14, $15::float8,
           case when $15::float8 is null then 0 else ${NOW} + $15::float8 - $10 end, $16::float8, ${NOW} + $16::float8, $17,
           case when $16::float8 is null or $11::text is null then null else ${NOW} end)
         on conflict (key, idempotency_key) where idempotency_key is not null do nothing
         returning ${HEAD}`,
        [
          run.id,
          run.key ?? '',
          run.idempotencyKey ?? null,
          run.fingerprint,
          run.endpoint,
          clean(run.model),
          JSON.stringify(run.headers),
          metadata ? JSON.stringify(metadata) : null,
          run.resampleOf ?? null,
          run.createdAt,
          webhook?.url ?? null,
          webhook?.secret ?? null,
          webhook ? 'waiting' : null,
          run.ask,
          run.beginsAt ?? null,
          approval?.within ?? null,
          approval?.why === undefined ? null : clean(approval.why),
        ],
      );
      if (created) {
        await writeLine(tx, run.id, run.event);
        return { run: runOf(created), existed: false, same: true };
      }
      const [found] = await tx.query(
        `select ${HEAD}, fingerprint from runs where key = $1 and idempotency_key = $2`,
        [run.key ?? '', run.idempotencyKey ?? null],
      );
      // Forgotten between the two statements: a second try makes it.
      if (!found) throw new StoreUnavailable('the run with this idempotency key was just removed');
      return { run: runOf(found), existed: true, same: found.fingerprint === run.fingerprint };
    }),

  async get(id) {
    const [row] = await database.query(`select ${HEAD} from runs where id = $1`, [id]);
    return row && runOf(row);
  },

  async ask(id) {
    const [row] = await database.query(
      'select ask, headers, approve_within, approve_why from runs where id = $1',
      [id],
    );
    if (!row) return undefined;
    const approval = typeof row.approve_within === 'number' && {
      within: row.approve_within,
      ...present({ why: row.approve_why as string | null }),
    };
    return {
      ask: row.ask as Uint8Array,
      headers: row.headers as Fields,
      ...(approval && { approval }),
    };
  },

  async answer(id) {
    const [row] = await database.query('select answer from runs where id = $1', [id]);
    return (row?.answer as Uint8Array | null | undefined) ?? undefined;
  },

  async list({ state, key }, { cursor, limit }) {
    if (cursor !== undefined && !CURSOR.test(cursor)) throw new RangeError('no cursor of a list of runs');
    const rows = await database.query(
      `select ${HEAD} from runs
       where ($1::text is null or state = $1) and ($2::text is null or key = $2) and ($3::text is null or id < $3)
       order by id desc limit ${limit + 1}`,
      [state ?? null, key ?? null, cursor ?? null],
    );
    const shown = rows.slice(0, limit).map(runOf);
    const last = shown.at(-1);
    return { rows: shown, ...(rows.length > limit && last && { next: last.id }) };
  },

  claim: (worker, leaseMs, limit, active = []) =>
    database.transaction(async (tx) => {
      const rows = await tx.query(
        `update runs set state = 'running', worker = $1, lease = ${NOW} + $2, executions = executions + 1,
           started_at = coalesce(started_at, ${NOW})
         where id in (select id from runs where ${OPEN} and lease <= ${NOW} and id <> all($4::text[])
                      order by id limit $3 for update skip locked)
         returning ${HEAD}, failures, ask, headers`,
        [worker, leaseMs, limit, textArray(active)],
      );
      if (rows.length === 0) return [];
      // A statement of its own sees lines that the holder before wrote while this one waited for the lock.
      const written = await tx.query<{ run: string; seq: number }>(
        'select run, max(seq) as seq from run_events where run = any($1::text[]) group by run',
        [textArray(rows.map((row) => row.id as string))],
      );
      const last = new Map(written.map(({ run, seq }) => [run, seq]));
      return rows.map(
        (row): ClaimedRun => ({
          run: runOf(row),
          execution: row.executions as number,
          failures: row.failures as number,
          ask: row.ask as Uint8Array,
          headers: row.headers as Fields,
          seq: last.get(row.id as string) ?? 0,
        }),
      );
    }),

  async renew(worker, leaseMs, ids) {
    const rows = await database.query(
      `update runs set lease = ${NOW} + $2 where id = any($3::text[]) and worker = $1 and state = 'running'
       returning id, cancelling`,
      [worker, leaseMs, textArray(ids)],
    );
    return new Map(rows.map((row) => [row.id as string, { cancelling: row.cancelling as boolean }]));
  },

  async release(worker) {
    await database.query(`update runs set lease = 0 where worker = $1 and ${OPEN}`, [worker]);
  },

  async append(lines) {
    if (lines.length === 0) return;
    // The lock keeps an end, or another worker, from coming between the look at the ticket and the lines.
    await database.query(
      `with holders as (
         select id, executions from runs where id = any($1::text[]) and state = 'running' order by id for share
       )
       insert into run_events (run, seq, name, data)
       select l.run, l.seq, l.name, l.data
       from unnest($2::text[], $3::int4[], $4::int4[], $5::text[], $6::text[]) as l (run, execution, seq, name, data)
       join holders on holders.id = l.run and holders.executions = l.execution
       on conflict do nothing`,
      [
        textArray([...new Set(lines.map((line) => line.run))]),
        textArray(lines.map((line) => line.run)),
        plainArray(lines.map((line) => line.execution)),
        plainArray(lines.map((line) => line.seq)),
        textArray(lines.map((line) => clean(line.name))),
        textArray(lines.map((line) => clean(line.data))),
      ],
    );
  },

  finish: (id, execution, end, line) =>
    database.transaction(async (tx) => {
      const rows = await tx.query(
        `update runs set state = $3, finished_at = $4, outcome = $5, status = $6, exchange = $7, trouble = $8, answer = $9,
           lease = 0, worker = null, ${TELL}
         where id = $1 and executions = $2 and state = 'running' returning id`,
        [
          id,
          execution,
          end.state,
          end.at,
          end.outcome ?? null,
          end.status ?? null,
          end.exchange ?? null,
          end.trouble === undefined ? null : clean(end.trouble),
          end.answer ?? null,
        ],
      );
      if (rows.length === 0) return false;
      await tx.query(
        'insert into run_events (run, seq, name, data) values ($1, $2, $3, $4) on conflict do nothing',
        [id, line.seq, clean(line.name), clean(line.data)],
      );
      return true;
    }),

  async postpone(id, execution, delayMs) {
    await database.query(
      `update runs set lease = ${NOW} + $3, worker = null, failures = failures + 1
       where id = $1 and executions = $2 and state = 'running'`,
      [id, execution, delayMs],
    );
  },

  decide: (id, { decision, by, at, reason }, trouble, event) =>
    database.transaction(async (tx) => {
      const yes = decision === 'approved';
      const [decided] = await tx.query(
        `update runs set decision = $2, decided_by = $3, decided_at = $4, decided_why = $5,
           ${yes ? `state = 'queued', ${HUSH}` : `state = 'cancelled', cancelling = true, finished_at = $4, outcome = 'cancelled', trouble = $6, ${TELL}`}
         where id = $1 and state = 'awaiting_approval' and approve_until > ${NOW} returning ${HEAD}`,
        [
          id,
          decision,
          clean(by),
          at,
          reason === undefined ? null : clean(reason),
          ...(yes ? [] : [clean(trouble)]),
        ],
      );
      if (decided) {
        await writeLine(tx, id, event);
        return { run: runOf(decided), done: true };
      }
      const [row] = await tx.query(`select ${HEAD} from runs where id = $1`, [id]);
      return row && { run: runOf(row), done: false };
    }),

  lapse: (at, trouble, event) =>
    database.transaction(async (tx) => {
      const lapsed = await tx.query<{ id: string }>(
        `update runs set state = 'expired', finished_at = $1, trouble = $2, ${TELL}
         where id in (
           select id from runs where state = 'awaiting_approval' and approve_until <= ${NOW} limit 1000 for update skip locked
         )
         returning id`,
        [at, trouble],
      );
      for (const { id } of lapsed) await writeLine(tx, id, event);
      return lapsed.map(({ id }) => id);
    }),

  cancel: (id, at, event) =>
    database.transaction(async (tx) => {
      const [ended] = await tx.query(
        `update runs set state = 'cancelled', cancelling = true, finished_at = $2, outcome = 'cancelled', ${TELL}
         where id = $1 and (state in ('queued', 'awaiting_approval') or (state = 'running' and worker is null)) returning ${HEAD}`,
        [id, at],
      );
      if (ended) {
        await writeLine(tx, id, event);
        return runOf(ended);
      }
      await tx.query(`update runs set cancelling = true where id = $1 and state = 'running'`, [id]);
      const [row] = await tx.query(`select ${HEAD} from runs where id = $1`, [id]);
      return row && runOf(row);
    }),

  async events(id, after, limit) {
    const rows = await database.query<RunEvent & Row>(
      `select seq, name, data from run_events where run = $1 and seq > $2 order by seq limit ${limit}`,
      [id, after],
    );
    return rows.map(({ seq, name, data }) => ({ seq, name, data }));
  },

  async dueWebhooks(leaseMs, limit) {
    const rows = await database.query(
      `update runs set webhook_due = ${NOW} + $1
       where id in (
         select id from runs where webhook_state = 'waiting' and webhook_due <= ${NOW}
         order by webhook_due limit $2 for update skip locked
       )
       returning ${HEAD}, webhook_secret`,
      [leaseMs, limit],
    );
    return rows.map(
      (row): DueWebhook => ({
        run: runOf(row),
        url: row.webhook_url as string,
        secret: row.webhook_secret as string,
        tries: row.webhook_tries as number,
      }),
    );
  },

  async toldWebhook(id, of, state, retryMs) {
    await database.query(
      `update runs set webhook_state = $2, webhook_tries = webhook_tries + 1,
         webhook_due = case when $3::float8 is null then null else ${NOW} + $3 end
       where id = $1 and state = $4`,
      [id, state, retryMs ?? null, of],
    );
  },

  sweep: ({ endedBefore, queuedBefore, at, event }) =>
    database.transaction(async (tx) => {
      const expired = await tx.query<{ id: string }>(
        `update runs set state = 'expired', finished_at = $2, ${TELL}
         where id in (select id from runs where state = 'queued' and greatest(begins_at, decided_at, created_at) < $1 limit 1000 for update skip locked)
         returning id`,
        [queuedBefore, at],
      );
      for (const { id } of expired) await writeLine(tx, id, event);
      const forgotten = await tx.query(
        'delete from runs where id in (select id from runs where finished_at < $1 limit 1000) returning id',
        [endedBefore],
      );
      return { forgotten: forgotten.length, expired: expired.length };
    }),
});

/** The next line of a run that no worker holds. */
const writeLine = (session: Session, id: string, data: string) =>
  session.query(
    `insert into run_events (run, seq, name, data)
     select $1, coalesce(max(seq), 0) + 1, 'run', $2 from run_events where run = $1`,
    [id, data],
  );

const CURSOR = /^run_[0-9a-f-]{1,40}$/;

/** Postgres keeps no NUL in a text. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

const runOf = (row: Row): Run => ({
  id: row.id as string,
  state: row.state as RunState,
  endpoint: row.endpoint as string,
  model: row.model as string,
  createdAt: row.created_at as number,
  executions: row.executions as number,
  cancelling: row.cancelling as boolean,
  ...present({
    key: (row.key as string) || null,
    metadata: row.metadata as Readonly<Record<string, string>> | null,
    beginsAt: row.begins_at as number | null,
    startedAt: row.started_at as number | null,
    finishedAt: row.finished_at as number | null,
    outcome: row.outcome as Outcome | null,
    status: row.status as number | null,
    exchange: row.exchange as string | null,
    trouble: row.trouble as string | null,
    resampleOf: row.resample_of as string | null,
  }),
  ...(typeof row.approve_until === 'number' && {
    approval: {
      until: row.approve_until,
      ...present({
        why: row.approve_why as string | null,
        decision: row.decision as RunDecision | null,
        by: row.decided_by as string | null,
        at: row.decided_at as number | null,
        reason: row.decided_why as string | null,
      }),
    },
  }),
  ...(typeof row.webhook_url === 'string' && {
    webhook: {
      url: row.webhook_url,
      state: row.webhook_state as WebhookState,
      tries: row.webhook_tries as number,
    },
  }),
});
