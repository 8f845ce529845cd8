import { EmbeddedPostgresError, type EmbeddedPostgresErrorKind } from './errors.ts';

interface Symptom {
  readonly sign: RegExp;
  readonly kind: EmbeddedPostgresErrorKind;
  readonly says: string;
  readonly remedy: string;
}

/** In order: the first sign found anywhere in the last words decides, so causes stand before consequences. */
const SYMPTOMS: readonly Symptom[] = [
  {
    sign: /No space left on device|Disk quota exceeded/i,
    kind: 'disk-full',
    says: 'The disk of the database is full',
    remedy: 'Free some space; nothing is lost meanwhile, since exchanges stay in the spool.',
  },
  {
    sign: /could not look up effective user ID/i,
    kind: 'no-user',
    says: 'The user this process runs as has no account, and Postgres wants one to create a database',
    remedy: 'Give the user a line in /etc/passwd, start as another user or as root, or set DATABASE_URL.',
  },
  {
    sign: /Address already in use|could not create any TCP\/IP sockets/i,
    kind: 'port-taken',
    says: 'Another program listens on the port of the database',
    remedy: 'Stop that program, or give the database another port.',
  },
  {
    sign: /pre-existing shared memory block|lock file "postmaster.pid" already exists/i,
    kind: 'in-use',
    says: 'Another Postgres still runs on the folder of the database',
    remedy: 'Stop it, then start Midwatch again.',
  },
  {
    sign: /database files are incompatible with server|not compatible with this version/i,
    kind: 'wrong-version',
    says: 'The database was made by another version of Postgres',
    remedy:
      'Start the Midwatch that made it, or move its postgres folder away and start with an empty database.',
  },
  {
    sign: /Cannot allocate memory|could not map anonymous shared memory|could not create semaphores/i,
    kind: 'out-of-memory',
    says: 'The system has no memory or semaphores left for the database',
    remedy: 'Free some memory (about 40 MB are needed), or raise the limits of this container.',
  },
  {
    sign: /has wrong ownership|has invalid permissions|Permission denied|Read-only file system|Operation not permitted/i,
    kind: 'not-writable',
    says: 'The folder of the database cannot be written',
    remedy: 'Make the data folder writable for the account that Postgres runs under.',
  },
  {
    sign: /PANIC|could not locate a valid checkpoint|invalid (primary )?checkpoint|incorrect checksum|invalid data in file|does not exist|could not open (file|directory)|could not read|not a valid data directory|is missing|invalid page|unexpected pageaddr|configuration file ".*" contains errors/i,
    kind: 'corrupted',
    says: 'The files of the database are damaged',
    remedy:
      'Restore the data folder from a backup, or move its postgres folder away and start with an empty database.',
  },
];

/** Turns the last words of a Postgres program into one error with a remedy. */
export function diagnose(what: string, lastWords: readonly string[]): EmbeddedPostgresError {
  const text = lastWords.join('\n');
  const telling =
    lastWords.find((line) => /\b(PANIC|FATAL|error):/.test(line)) ?? lastWords.findLast(Boolean);
  const said = telling ? ` (Postgres says: ${telling.trim().replace(/\.$/, '')})` : '';
  const symptom = SYMPTOMS.find(({ sign }) => sign.test(text));
  if (symptom) return new EmbeddedPostgresError(symptom.kind, `${symptom.says}${said}.`, symptom.remedy);
  return new EmbeddedPostgresError(
    'failed',
    `${what}${said}.`,
    'Try again; if it fails again, set DATABASE_URL to a Postgres of your own.',
  );
}
