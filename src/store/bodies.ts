import type { AnswerRecord, AskRecord, BodyHash, ChainHash, Digest, StoredAsk } from '#contracts';
import { plainArray } from './arrays.ts';
import type { Session } from './connection.ts';
import type { Day } from './day.ts';
import { Known } from './known.ts';
import { pack, unpack } from './pack.ts';
import { undashed } from './parts.ts';
import { copyRows, defineTable } from './table.ts';

const bodies = defineTable('bodies', { day: 'int4', hash: 'uuid', body: 'bytea' });
const links = defineTable('links', { day: 'int4', chain: 'uuid', before: 'uuid', messages: 'uuid[]' });

/** What an exchange says and heard, with the day under which it is filed. */
export interface Said {
  readonly day: Day;
  readonly ask: AskRecord | undefined;
  readonly digest: Digest;
}

interface Link {
  readonly day: Day;
  readonly chain: ChainHash;
  readonly before: ChainHash | undefined;
  readonly messages: readonly BodyHash[];
}

/** A remembered hash is some 100 bytes; this many cover the conversations that are going on. */
const REMEMBERED = 60_000;

/**
 * Writes what the day's partition does not hold yet. A conversation repeats itself with every turn, so nearly all of an
 * ask is already there; what this process wrote it remembers, and only the rest is asked of the database.
 *
 * A row of `links` names a whole list of messages that this day has under another name up to `before`: one row per ask,
 * where one per message would be twice the rows. Whoever forks a conversation in the middle of a row writes one of its own.
 */
export class BodyWriter {
  /** Keyed by the partition's oid, so that what lay in a dropped partition is not believed to lie in its successor. */
  readonly #bodies = new Known<string>(REMEMBERED);
  readonly #links = new Known<string>(REMEMBERED);

  /** Returns what to do once the transaction is committed; before that nothing may be remembered. */
  async write(
    tx: Session,
    batch: readonly Said[],
    oidOf: (table: 'bodies' | 'links', day: Day) => number,
  ): Promise<() => void> {
    const newBodies = new Map<string, { day: Day; hash: BodyHash; body: Uint8Array }>();
    const newLinks = new Map<string, Link>();
    for (const { day, ask, digest } of batch) {
      const bodyKey = `@${oidOf('bodies', day)}`;
      for (const [hash, body] of digest.bodies) {
        const key = hash + bodyKey;
        if (!this.#bodies.has(key) && !newBodies.has(key)) newBodies.set(key, { day, hash, body });
      }
      if (ask === undefined) continue;
      const linkKey = `@${oidOf('links', day)}`;
      const link = linkOf(day, ask.messages, digest, (chain) => {
        const key = chain + linkKey;
        return this.#links.has(key) || newLinks.has(key);
      });
      if (link) newLinks.set(link.chain + linkKey, link);
    }

    const bodiesByDay = Map.groupBy(newBodies.values(), (body) => body.day);
    for (const [day, wanted] of bodiesByDay) {
      const there = await present(
        tx,
        'bodies',
        'hash',
        day,
        wanted.map((body) => body.hash),
      );
      const rows = wanted.filter(({ hash }) => !there.has(hash));
      // In order of the key: two writers with the same bodies then wait for each other instead of dead-locking.
      rows.sort((a, b) => (a.hash < b.hash ? -1 : 1));
      await copyRows(
        tx,
        bodies,
        rows.map(({ hash, body }) => ({ day, hash, body: pack(body) })),
      );
    }
    const linksByDay = Map.groupBy(newLinks.values(), (link) => link.day);
    for (const [day, wanted] of linksByDay) {
      const there = await present(
        tx,
        'links',
        'chain',
        day,
        wanted.map((link) => link.chain),
      );
      const rows = wanted.filter(({ chain }) => !there.has(chain));
      rows.sort((a, b) => (a.chain < b.chain ? -1 : 1));
      await copyRows(
        tx,
        links,
        rows.map(({ chain, before, messages }) => ({ day, chain, before, messages })),
      );
    }
    return () => {
      for (const key of newBodies.keys()) this.#bodies.add(key);
      for (const key of newLinks.keys()) this.#links.add(key);
    };
  }
}

/** Walks from the end of the list to where a stored list begins; undefined when the whole list is stored. */
function linkOf(
  day: Day,
  chain: ChainHash,
  digest: Digest,
  stored: (chain: ChainHash) => boolean,
): Link | undefined {
  const messages: BodyHash[] = [];
  let before: ChainHash | undefined = chain;
  while (before !== undefined && !stored(before)) {
    const link = digest.links.get(before);
    if (!link) break;
    messages.push(link.message);
    before = link.before;
  }
  return messages.length === 0 ? undefined : { day, chain, before, messages: messages.reverse() };
}

async function present(
  tx: Session,
  table: 'bodies' | 'links',
  column: 'hash' | 'chain',
  day: Day,
  hashes: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ hash: string }>(
    `select ${column} as hash from ${table} where day = ${day} and ${column} = any($1::uuid[])`,
    [plainArray(hashes)],
  );
  return new Set(rows.map((row) => undashed(row.hash)));
}

/** A conversation has fewer turns than this; a longer chain is a cycle made by a broken import. */
const LONGEST = 100_000;

/** Undefined when anything it names is gone: half a conversation would be a false one. */
export async function readAsk(session: Session, day: Day, ask: AskRecord): Promise<StoredAsk | undefined> {
  const hashes = await messagesOf(session, day, ask);
  if (hashes === undefined) return undefined;
  const found = await readBodies(session, day, [
    ...hashes,
    ask.envelope,
    ...[ask.tools, ask.schema].filter((hash) => hash !== undefined),
  ]);
  if (found === undefined) return undefined;
  const body = (hash: BodyHash) => found.get(hash) as Uint8Array;
  return {
    messages: hashes.map(body),
    envelope: body(ask.envelope),
    ...(ask.tools !== undefined && { tools: body(ask.tools) }),
    ...(ask.schema !== undefined && { schema: body(ask.schema) }),
  };
}

export async function readAnswer(
  session: Session,
  day: Day,
  answer: AnswerRecord,
): Promise<readonly Uint8Array[] | undefined> {
  const found = await readBodies(session, day, answer.messages);
  return found && answer.messages.map((hash) => found.get(hash) as Uint8Array);
}

async function messagesOf(session: Session, day: Day, ask: AskRecord): Promise<BodyHash[] | undefined> {
  const rows = await session.query<{ before: string | null; messages: readonly string[] }>(
    `with recursive walk as (
       select before, messages, 1 as depth from links where day = ${day} and chain = $1::uuid
       union all
       select l.before, l.messages, w.depth + 1 from walk w
       join links l on l.day = ${day} and l.chain = w.before where w.depth < ${LONGEST}
     ) select before, messages from walk order by depth desc`,
    [ask.messages],
  );
  if (rows.length === 0 || rows[0]?.before !== null) return undefined;
  const hashes = rows.flatMap((row) => row.messages.map((hash) => undashed(hash) as BodyHash));
  return hashes.length === ask.length ? hashes : undefined;
}

async function readBodies(
  session: Session,
  day: Day,
  hashes: readonly BodyHash[],
): Promise<Map<string, Uint8Array> | undefined> {
  const wanted = new Set(hashes);
  const rows = await session.query<{ hash: string; body: Uint8Array }>(
    `select hash, body from bodies where day = ${day} and hash = any($1::uuid[])`,
    [plainArray([...wanted])],
  );
  if (rows.length < wanted.size) return undefined;
  return new Map(rows.map((row) => [undashed(row.hash), unpack(row.body)]));
}
