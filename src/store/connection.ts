import { SQL } from 'bun';
import { type Clock, type Log, StoreUnavailable } from '#contracts';
import { patiently } from '#kernel';
import { watchSilence } from './silence.ts';

export type Params = readonly unknown[];
export type Row = Readonly<Record<string, unknown>>;

/** What a table module needs of a connection or a transaction: text with `$1`, rows back. */
export interface Session {
  query<R extends object = Row>(text: string, params?: Params): Promise<R[]>;
  /** Several statements without parameters. */
  script(text: string): Promise<void>;
  /** Binary `COPY … FROM STDIN`. */
  copy(target: string, bytes: Uint8Array): Promise<void>;
}

export interface Database extends Session {
  transaction<T>(work: (tx: Session) => Promise<T>, deadlineMs?: number): Promise<T>;
  /** Like `query`, for work that may take longer than a page. */
  patient<R extends object = Row>(text: string, params: Params, deadlineMs: number): Promise<R[]>;
  close(): Promise<void>;
}

/**
 * The server gives up first and tells why; the client's own deadline, a second later, is for a server that does not
 * answer at all (frozen, unplugged), where Bun's client would wait for ever.
 */
const READ_MS = 10_000;
const WRITE_MS = 30_000;
const GRACE_MS = 1_000;
/** A page waits so long for a table that somebody holds; a drop of ours, which pages queue behind, gives up as soon. */
const LOCK_MS = 3_500;
/** Over a slow line it takes four ways there and back. A server that is silent is noticed sooner, by other means. */
const CONNECT_S = 10;
const KNOCK_MS = 5_000;

export interface ConnectOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly connections: number;
  /** See `StoreOptions`. */
  readonly background?: boolean;
}

/**
 * A pool that never hangs. Bun's pool already reconnects by itself and rejects at once while nothing listens; what it
 * does not do is give up on a connection whose server fell silent. When the server does, or a deadline passes, the whole
 * pool is replaced: the connections of the old one are all as silent as the one that was caught.
 */
export function connect(options: ConnectOptions): Database {
  const { url, clock, log, connections, background = false } = options;
  const usualMs = background ? WRITE_MS : READ_MS;
  let closed = false;
  const open = (max = connections) =>
    new SQL(url, {
      max,
      connectionTimeout: CONNECT_S,
      connection: {
        application_name: 'midwatch',
        statement_timeout: usualMs,
        lock_timeout: background ? 0 : LOCK_MS,
        // A spool segment is deleted after the commit returns, so the commit must mean what it says, whatever the server's default.
        synchronous_commit: 'on',
        // A generic plan cannot leave out partitions at planning time and would lock every day for every page.
        plan_cache_mode: 'force_custom_plan',
        // Random reads of an index that is mostly in memory or on flash; 4 is for spinning disks.
        random_page_cost: 1.1,
        jit: false,
        client_min_messages: 'warning',
      },
    });
  let pool = open();
  const waiting = new Set<(error: StoreUnavailable) => void>();

  const replace = (old: SQL, afterMs?: number) => {
    if (pool === old && !closed) {
      pool = open();
      log('warn', 'store.silent', { ...(afterMs !== undefined && { afterMs }) });
    }
    // Rejects everything that still waits on it; each of those callers is told by its own promise.
    old.close({ timeout: 0 }).catch(() => undefined);
  };
  const silence = background
    ? undefined
    : watchSilence({
        clock,
        knock: () => knock(open(1), clock),
        fell() {
          for (const refuse of waiting) refuse(new StoreUnavailable(SILENT));
          replace(pool);
        },
        back: () => log('info', 'store.answers'),
      });

  const bounded = <T>(work: (sql: SQL) => Promise<T>, deadlineMs: number): Promise<T> => {
    if (closed) return Promise.reject(new StoreUnavailable('the store is closed'));
    if (silence?.fallen)
      return silence.returned().then((back) => {
        if (!back) throw new StoreUnavailable(SILENT);
        return bounded(work, deadlineMs);
      });
    const used = pool;
    return new Promise<T>((resolve, reject) => {
      // Patiently: a process that stood still itself would take a server for silent whose answer lies in the socket.
      const cancel = patiently(clock, deadlineMs + GRACE_MS, () => {
        reject(new StoreUnavailable(`Postgres did not answer within ${deadlineMs} ms`));
        replace(used, deadlineMs);
      });
      const waited = silence?.waits();
      waiting.add(reject);
      work(used)
        .then(
          (value) => {
            silence?.heard();
            resolve(value);
          },
          (error: unknown) => {
            if (sqlState(error) !== undefined) silence?.heard();
            reject(translate(error));
          },
        )
        .finally(() => {
          cancel();
          waited?.();
          waiting.delete(reject);
        });
    });
  };

  const sessionOf = (sql: SQL): Session => ({
    query: async <R extends object>(text: string, params: Params = []) =>
      (await sql.unsafe(text, [...params])) as unknown as R[],
    script: async (text) => {
      await sql.unsafe(text).simple();
    },
    copy: async (target, bytes) => {
      const writer = sql.unsafe(`copy ${target} from stdin (format binary)`).writable().getWriter();
      await writer.write(bytes);
      await writer.close();
    },
  });

  const once = <T>(work: (session: Session) => Promise<T>, deadlineMs = READ_MS) =>
    bounded((sql) => work(sessionOf(sql)), deadlineMs);

  return {
    query: <R extends object>(text: string, params?: Params) => once((s) => s.query<R>(text, params)),
    script: (text) => once((s) => s.script(text)),
    copy: (target, bytes) => once((s) => s.copy(target, bytes), WRITE_MS),
    patient: <R extends object>(text: string, params: Params, deadlineMs: number) =>
      bounded(
        (sql) =>
          sql.begin(async (tx) => {
            await tx.unsafe(`set local statement_timeout = ${deadlineMs}`);
            return (await tx.unsafe(text, [...params])) as unknown as R[];
          }) as Promise<R[]>,
        deadlineMs,
      ),
    transaction: <T>(work: (tx: Session) => Promise<T>, deadlineMs = WRITE_MS) =>
      bounded(
        (sql) =>
          sql.begin(async (tx) => {
            // Work of its own kind: it may last, and wait for whoever holds what it writes to.
            if (deadlineMs > usualMs)
              await tx
                .unsafe(`set local statement_timeout = ${deadlineMs}; set local lock_timeout = 0`)
                .simple();
            return work(sessionOf(tx));
          }) as Promise<T>,
        deadlineMs,
      ),
    close: async () => {
      closed = true;
      await pool.close({ timeout: silence?.fallen ? 0 : 5 });
    },
  };
}

const SILENT = 'Postgres does not answer';

/** One question over a connection that nobody else uses. A refusal is an answer, too: for instance that there are too many clients. */
async function knock(sql: SQL, clock: Clock): Promise<boolean> {
  const patience = new AbortController();
  const late = clock.sleep(KNOCK_MS, patience.signal).then(() => false);
  const asked = sql
    .unsafe('select 1')
    .simple()
    .then(
      () => true,
      (error: unknown) => sqlState(error) !== undefined,
    );
  const answered = await Promise.race([asked, late]);
  patience.abort();
  sql.close({ timeout: 0 }).catch(() => undefined);
  return answered;
}

/** SQLSTATE of an error the server sent, for instance `23505`; undefined when it came from elsewhere. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof SQL.PostgresError && typeof error.errno === 'string' ? error.errno : undefined;
}

/**
 * Classes of SQLSTATE that are about the server and not about the statement: connection, login, missing database, resources
 * (disk full, too many clients), operator intervention (shutdown, timeout, recovery), transaction rollback, system error; and
 * what somebody took away who administers it: rights, a schema, a table. No exchange is at fault there, and all can be mended.
 */
const SERVER_TROUBLE = /^(08|25006|28|3D|3F|40|42501|42P01|53|55P03|57|58|XX)/;
const REFUSED = /^(28|3D|3F|42)/;

function translate(error: unknown): unknown {
  if (!(error instanceof SQL.PostgresError)) return error;
  const state = sqlState(error);
  if (state !== undefined && !SERVER_TROUBLE.test(state)) return error;
  return new StoreUnavailable(`Postgres: ${error.message}${state ? ` (${state})` : ''}`, {
    cause: error,
    refused: state !== undefined && REFUSED.test(state),
  });
}
