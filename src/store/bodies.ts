import type { AnswerRecord, AskRecord, BodyHash, ChainHash, Digest, StoredAsk } from '#contracts';
import { plainArray } from './arrays.ts';
import type { Session } from './connection.ts';
import type { Day } from './day.ts';
import { KnownIn } from './known.ts';
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
  readonly before: ChainHash | undefined;
  readonly messages: readonly BodyHash[];
}

/** A remembered hash takes some 40 bytes; this many cover the conversations that are going on. */
const REMEMBERED = 60_000;

/**
 * Writes what the day's partition does not hold yet. A conversation repeats itself with every turn, so nearly all of an
 * ask is already there; what this process wrote it remembers, and only the rest is asked of the database.
 *
 * A row of `links` names a whole list of messages that this day has under another name up to `before`: one row per ask,
 * where one per message would be twice the rows. Whoever forks a conversation in the middle of a row writes one of its own.
 */
export class BodyWriter {
  readonly #bodies = new KnownIn(REMEMBERED);
  readonly #links = new KnownIn(REMEMBERED);

  /** Returns what to do once the transaction is committed; before that nothing may be remembered. */
  async write(
    tx: Session,
    batch: readonly Said[],
    oidOf: (table: 'bodies' | 'links', day: Day) => number,
  ): Promise<() => void> {
    const written: (() => void)[] = [];
    for (const [day, said] of Map.groupBy(batch, (one) => one.day)) {
      const knownBodies = this.#bodies.of(oidOf('bodies', day));
      const knownLinks = this.#links.of(oidOf('links', day));
      const newBodies = new Map<BodyHash, Uint8Array>();
      const newLinks = new Map<ChainHash, Link>();
      for (const { ask, digest } of said) {
        for (const [hash, body] of digest.bodies)
          if (!newBodies.has(hash) && !knownBodies.has(hash)) newBodies.set(hash, body);
        if (ask === undefined) continue;
        const link = linkOf(ask.messages, digest, (chain) => newLinks.has(chain) || knownLinks.has(chain));
        if (link) newLinks.set(ask.messages, link);
      }
      await copyRows(
        tx,
        bodies,
        (await missing(tx, 'bodies', day, newBodies)).map(([hash, body]) => ({
          day,
          hash,
          body: pack(body),
        })),
      );
      await copyRows(
        tx,
        links,
        (await missing(tx, 'links', day, newLinks)).map(([chain, link]) => ({ day, chain, ...link })),
      );
      written.push(() => {
        for (const hash of newBodies.keys()) knownBodies.add(hash);
        for (const chain of newLinks.keys()) knownLinks.add(chain);
      });
    }
    return () => {
      for (const remember of written) remember();
    };
  }
}

/** Walks from the end of the list to where a stored list begins; undefined when the whole list is stored. */
function linkOf(chain: ChainHash, digest: Digest, stored: (chain: ChainHash) => boolean): Link | undefined {
  const messages: BodyHash[] = [];
  let before: ChainHash | undefined = chain;
  while (before !== undefined && !stored(before)) {
    const link = digest.links.get(before);
    if (!link) break;
    messages.push(link.message);
    before = link.before;
  }
  return messages.length === 0 ? undefined : { before, messages: messages.reverse() };
}

/** Those the partition does not hold, in order of the key: writers of the same bodies then wait for each other instead of dead-locking. */
async function missing<Hash extends string, T>(
  tx: Session,
  table: 'bodies' | 'links',
  day: Day,
  wanted: ReadonlyMap<Hash, T>,
): Promise<[Hash, T][]> {
  if (wanted.size === 0) return [];
  const column = table === 'bodies' ? 'hash' : 'chain';
  const hashes = Array.from(wanted.keys()).sort();
  const found = await tx.query<{ hash: string }>(
    `select ${column} as hash from ${table} where day = ${day} and ${column} = any($1::uuid[])`,
    [plainArray(hashes)],
  );
  const there = new Set(found.map((row) => undashed(row.hash)));
  return hashes.filter((hash) => !there.has(hash)).map((hash) => [hash, wanted.get(hash) as T]);
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
