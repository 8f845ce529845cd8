import { existsSync, readFileSync, statSync } from 'node:fs';
import { EmbeddedPostgresError, errnoOf } from './errors.ts';
import { type Account, run } from './run.ts';

/**
 * System accounts made for a database, best first. `nobody` comes last and only when no account can be
 * created: files of `nobody` belong to everything else on the machine that runs as `nobody`.
 */
const PREFERRED = ['midwatch', 'postgres'];
const LAST_RESORT = 'nobody';
const CREATORS = ['/usr/sbin/useradd', '/sbin/useradd'];

/**
 * The account Postgres is to run under, or `undefined` for our own. Postgres refuses to run as root, so root
 * needs another one: the owner of an existing cluster if there is one (whoever made it can read it), else a
 * system account, created when none is there.
 */
export async function chooseAccount(clusterFolder: string): Promise<Account | undefined> {
  const ownUid = process.getuid?.();
  const owner = ownerOf(clusterFolder);
  if (ownUid !== 0) {
    if (owner !== undefined && owner.uid !== ownUid) {
      throw new EmbeddedPostgresError(
        'wrong-owner',
        `The database in ${clusterFolder} belongs to user ${owner.uid}, and this process runs as user ${ownUid}.`,
        `Start Midwatch as root, or give the folder to this user: chown -R ${ownUid} ${clusterFolder}`,
      );
    }
    return undefined;
  }
  if (owner !== undefined && owner.uid !== 0) return owner;
  return lookUpAny(PREFERRED) ?? (await createAccount()) ?? lookUpAny([LAST_RESORT]) ?? fail();
}

function fail(): never {
  throw new EmbeddedPostgresError(
    'no-user',
    'Postgres refuses to run as root, and there is no other account to run it under.',
    'Create one (useradd --system midwatch), start Midwatch as an ordinary user, or set DATABASE_URL.',
  );
}

async function createAccount(): Promise<Account | undefined> {
  const creator = CREATORS.find((path) => existsSync(path));
  const [name] = PREFERRED;
  if (creator === undefined || name === undefined) return undefined;
  await run(creator, [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    name,
  ]);
  // Judged by what is there afterwards: another starter may have created it a moment before.
  return lookUpAny([name]);
}

function lookUpAny(names: readonly string[]): Account | undefined {
  const accounts = readAccounts();
  for (const name of names) {
    const account = accounts.get(name);
    if (account !== undefined && account.uid !== 0) return account;
  }
  return undefined;
}

function readAccounts(): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && uid && gid) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

function ownerOf(path: string): Account | undefined {
  try {
    const { uid, gid } = statSync(path);
    return { uid, gid };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
