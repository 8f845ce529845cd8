import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Admin tokens by address, readable by their owner alone. */
const file = (): string =>
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'midwatch', 'login.json');

type Logins = Readonly<Record<string, string>>;

function read(): Logins {
  try {
    return JSON.parse(readFileSync(file(), 'utf8')) as Logins;
  } catch {
    // Missing, or not ours any more: then nobody is logged in, and the next login writes it anew.
    return {};
  }
}

function write(logins: Logins): void {
  const path = file();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  // The mode above counts only for a new file.
  chmodSync(path, 0o600);
}

/** `http://127.0.0.1:4004/` and `http://127.0.0.1:4004` are one place. */
const place = (url: string): string => url.replace(/\/+$/, '');

export const savedToken = (url: string): string | undefined => read()[place(url)];

/** Returns where it was written. */
export function saveToken(url: string, token: string): string {
  write({ ...read(), [place(url)]: token });
  return file();
}

export function forgetToken(url: string): boolean {
  const { [place(url)]: known, ...others } = read();
  if (known === undefined) return false;
  if (Object.keys(others).length > 0) write(others);
  else rmSync(file(), { force: true });
  return true;
}
