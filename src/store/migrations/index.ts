import type { Database } from '../connection.ts';
import { sql as record } from './0001-record.ts';
import { sql as rollups } from './0002-rollups.ts';
import { sql as people } from './0003-people.ts';
import { sql as roles } from './0004-roles.ts';
import { sql as slices } from './0005-slices.ts';
import { sql as runs } from './0006-runs.ts';
import { sql as translated } from './0007-translated.ts';
import { sql as spend } from './0008-spend.ts';
import { sql as steered } from './0009-steered.ts';
import { sql as tiers } from './0010-tiers.ts';
import { sql as freezes } from './0011-freezes.ts';
import { sql as tenantDays } from './0012-tenant-days.ts';
import { sql as acts } from './0013-acts.ts';
import { sql as trouble } from './0014-trouble.ts';
import { sql as deferred } from './0015-deferred.ts';
import { sql as approvals } from './0016-approvals.ts';
import { sql as cassettes } from './0017-cassettes.ts';

/** In order, counted from 1. A migration that has been released is never edited: append another. */
const MIGRATIONS: readonly string[] = [
  record,
  rollups,
  people,
  roles,
  slices,
  runs,
  translated,
  spend,
  steered,
  tiers,
  freezes,
  tenantDays,
  acts,
  trouble,
  deferred,
  approvals,
  cassettes,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Any number will do as long as nothing else in the database uses it: the letters of MIDWATCH on a telephone. */
const LOCK = 64392824;
/** Long enough for another process to finish building indexes that a later migration may need. */
const PATIENCE_MS = 120_000;

/** The database was written by a newer Midwatch. Working on it with old code could damage what the old code does not know. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
  constructor(found: number) {
    super(`It was written by a newer Midwatch: it has schema ${found}, and this one knows ${SCHEMA_VERSION}`);
  }
}

/**
 * Brings the schema to this version. All in one transaction behind an advisory lock: two processes that boot at once run
 * it one after the other, and a failure half-way leaves the schema as it was.
 */
export function migrate(database: Database): Promise<{ readonly from: number; readonly to: number }> {
  return database.transaction(async (tx) => {
    await tx.script(`set local statement_timeout = ${PATIENCE_MS}`);
    await tx.query('select pg_advisory_xact_lock($1::int8)', [LOCK]);
    await tx.script('create table if not exists midwatch_schema (version int4 not null)');
    const [row] = await tx.query<{ version: number }>('select version from midwatch_schema');
    const from = row?.version ?? 0;
    if (from > SCHEMA_VERSION) throw new SchemaTooNew(from);
    for (const sql of MIGRATIONS.slice(from)) await tx.script(sql);
    if (row === undefined) await tx.query('insert into midwatch_schema values ($1)', [SCHEMA_VERSION]);
    else if (from < SCHEMA_VERSION)
      await tx.query('update midwatch_schema set version = $1', [SCHEMA_VERSION]);
    return { from, to: SCHEMA_VERSION };
  }, PATIENCE_MS);
}
