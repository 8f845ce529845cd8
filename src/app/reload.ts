import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Config, Log } from '#contracts';
import { ConfigError, formatProblem, type LoadedConfig } from './config/index.ts';

/** What became of a reload. All or nothing: where one thing cannot change, nothing does. */
export type Reloaded =
  | { readonly ok: true; readonly changed: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Sockets, folders and connections that stand since the start. */
const FIXED = ['listen', 'gateway', 'data', 'database', 'simulator', 'spool', 'limits', 'redis'] as const;

export interface ReloadOptions {
  /** Reads and checks the configuration anew. @throws ConfigError */
  readonly read: () => LoadedConfig;
  readonly current: () => LoadedConfig;
  /** Why the new one may not follow the present one; empty when it may. */
  readonly refusals?: (before: Config, next: Config) => readonly string[];
  /** Puts it in force. May throw, and then must have changed nothing. */
  readonly apply: (next: LoadedConfig) => void;
  readonly log: Log;
}

export function createReload({ read, current, refusals, apply, log }: ReloadOptions): () => Reloaded {
  const refused = (problems: readonly string[]): Reloaded => {
    log('error', 'configuration not reloaded, the old one stays in force', { problems });
    return { ok: false, problems };
  };
  return () => {
    try {
      const next = read();
      const before = current().config;
      const fixed = FIXED.filter((key) => differences(before[key], next.config[key], key).length > 0);
      if (fixed.length > 0)
        return refused(fixed.map((key) => `${key}: changed, which takes a restart; nothing was reloaded`));
      const forbidden = refusals?.(before, next.config) ?? [];
      if (forbidden.length > 0) return refused(forbidden);
      const changed = differences(before, next.config, '');
      if (changed.length > 0) {
        apply(next);
        for (const change of changed) log('info', 'configuration changed', { change });
        log('info', 'configuration reloaded', { changes: changed.length });
      }
      return { ok: true, changed };
    } catch (error) {
      if (error instanceof ConfigError)
        return refused(error.problems.map((problem) => formatProblem(error.file, problem)));
      return refused([error instanceof Error ? error.message : String(error)]);
    }
  };
}

/** An editor writes a file in several steps, or puts another in its place: the folder is watched, and a moment waited. */
const SETTLE = 150;

export function watchConfig(file: string, clock: Clock, changed: () => void): () => void {
  let cancel: () => void = () => undefined;
  const watcher = watch(dirname(file), (_, name) => {
    if (name !== basename(file)) return;
    cancel();
    cancel = clock.after(SETTLE, changed);
  });
  return () => {
    cancel();
    watcher.close();
  };
}

const SECRET = /key|token|password|secret|database|redis/i;
const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/**
 * Changed leaves as `routes.chat.timeouts.idle: 30000 → 10000`, one line each; what came or went as a whole is
 * `routes.spare: added`. Values that may be secrets are not shown.
 */
export function differences(before: unknown, after: unknown, path: string): readonly string[] {
  if (Object.is(before, after)) return [];
  if (isBranch(before) && isBranch(after)) {
    const list = Array.isArray(after);
    const below = (key: string) => (list ? `${path}[${key}]` : path ? `${path}.${key}` : key);
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], below(key)));
  }
  if (before === undefined && isBranch(after)) return [`${path}: added`];
  if (after === undefined && isBranch(before)) return [`${path}: removed`];
  return [`${path}: ${shown(before, path)} → ${shown(after, path)}`];
}

const LONGEST = 60;

function shown(value: unknown, path: string): string {
  if (value === undefined) return 'nothing';
  if (SECRET.test(path)) return '…';
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
