import type { AuditEntry, AuditFilter, AuditPage, PageQuery } from '#contracts';
import { Cleaner } from './clean.ts';
import type { Session } from './connection.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { present } from './parts.ts';

export async function writeAudit(
  session: Session,
  { at, actor, action, subject, detail }: AuditEntry,
): Promise<void> {
  const clean = new Cleaner();
  await session.query(
    'insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5::text::json)',
    [at, clean.text(actor), clean.text(action), clean.maybeText(subject) ?? null, clean.json(detail) ?? null],
  );
}

export async function listAudit(session: Session, filter: AuditFilter, page: PageQuery): Promise<AuditPage> {
  const after = decodeCursor(page.cursor);
  const rows = await session.query(
    `select id, at, actor, action, subject, detail from audit
     where at >= coalesce($1::float8, '-infinity') and at < coalesce($2::float8, 'infinity')
       and ($3::text is null or actor = $3) and ($4::text is null or action = $4)
       and ($5::text is null or subject = $5)
       and ($6::float8 is null or (at, id) < ($6, $7::uuid))
     order by at desc, id desc limit ${page.limit + 1}`,
    [
      filter.from ?? null,
      filter.to ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      filter.subject ?? null,
      after?.at ?? null,
      after?.id ?? null,
    ],
  );
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(
      (row): AuditEntry => ({
        at: row.at as number,
        actor: row.actor as string,
        action: row.action as string,
        ...present({ subject: row.subject as string | null, detail: row.detail }),
      }),
    ),
    ...(rows.length > page.limit &&
      last && { next: encodeCursor({ at: last.at as number, id: last.id as string }) }),
  };
}
