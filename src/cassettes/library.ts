import { err, ok, type Result } from '#contracts';
import { type Comparison, compare } from './diff.ts';
import { fileName, read, write } from './format.ts';
import type { Acceptance, Cassette, CassetteFiles, Question, Take } from './types.ts';

/** Cassettes in memory, read from their files when first asked for. The names alone say what there is, so a large folder opens at once. */
export interface Library {
  readonly size: number;
  keys(): readonly string[];
  has(key: string): boolean;
  /** Undefined when there is none; an error when its file cannot be read, which is never treated as absent. */
  find(key: string): Result<Cassette | undefined, string>;
  /** Adds a take, or replaces the one of the same occurrence; written by the next `flush`. */
  add(question: Question, stored: Cassette['request'], take: Take): void;
  /** Puts a take aside in a file of its own beside the cassette, for a reviewer. */
  propose(question: Question, stored: Cassette['request'], take: Take): void;
  /** Makes the proposed takes of a key the recorded ones. False when nothing is proposed. */
  accept(key: string, acceptance: Pick<Acceptance, 'at' | 'note'>): Result<boolean, string>;
  /** Does another answer of this key wait for a reviewer? */
  isProposed(key: string): boolean;
  /** The answers that wait, beside those on file. */
  proposal(key: string): Result<Cassette | undefined, string>;
  nearest(asked: Question): { readonly key: string; readonly comparison: Comparison } | undefined;
  flush(): void;
}

const NAME = /(?:^|\.)([0-9a-f]{32})\.json$/;
const proposedName = (name: string) => name.replace(/\.json$/, '.proposed.json');
/** Files opened to find the nearest question. A miss is for a person: a second of looking is too long. */
const CANDIDATES = 1_000;

export function library(files: CassetteFiles): Library {
  let names: Map<string, string> | undefined;
  /** Also what cannot be read, so that it is reported and not tried again for each call. */
  const loaded = new Map<string, Result<Cassette, string>>();
  const proposed = new Map<string, Cassette>();
  const dirty = { recorded: new Set<string>(), proposed: new Set<string>() };

  const index = () => {
    if (!names) {
      names = new Map();
      for (const name of [...files.list()].sort()) {
        const key = NAME.exec(name)?.[1];
        if (key) names.set(key, name);
      }
    }
    return names;
  };
  const load = (name: string): Result<Cassette, string> => {
    const text = files.read(name);
    const cassette = text === undefined ? err('is gone') : read(text);
    return cassette.ok ? cassette : err(`${name} ${cassette.error}`);
  };
  const find = (key: string): Result<Cassette | undefined, string> => {
    const known = loaded.get(key);
    if (known) return known;
    const name = index().get(key);
    if (name === undefined) return ok(undefined);
    const cassette = load(name);
    const whole = cassette.ok ? ok(withoutGaps(cassette.value)) : cassette;
    loaded.set(key, whole);
    return whole;
  };

  return {
    get size() {
      return index().size;
    },
    keys: () => [...index().keys()],
    has: (key) => index().has(key),
    find,

    add(question, stored, take) {
      const { key } = question;
      const before = find(key);
      // Over an unreadable file nothing is ever written: somebody's work may be in it.
      if (!before.ok) return;
      if (!index().has(key)) index().set(key, fileName(question));
      loaded.set(key, ok(withTake(before.value ?? { key, request: stored, accepted: [], takes: [] }, take)));
      dirty.recorded.add(key);
    },

    propose(question, stored, take) {
      const { key } = question;
      proposed.set(
        key,
        withTake(proposed.get(key) ?? { key, request: stored, accepted: [], takes: [] }, take),
      );
      dirty.proposed.add(key);
    },

    accept(key, { at, note }) {
      const name = index().get(key);
      if (name === undefined) return ok(false);
      const now = find(key);
      if (!now.ok) return now;
      let fresh = proposed.get(key);
      if (!fresh) {
        if (files.read(proposedName(name)) === undefined) return ok(false);
        const read = load(proposedName(name));
        if (!read.ok) return read;
        fresh = read.value;
      }
      const acceptance = { at, note, occurrences: fresh.takes.map((t) => t.occurrence) };
      const merged = fresh.takes.reduce(withTake, now.value as Cassette);
      const cassette = { ...merged, accepted: [...merged.accepted, acceptance] };
      files.write(name, write(cassette));
      files.remove(proposedName(name));
      loaded.set(key, ok(cassette));
      proposed.delete(key);
      dirty.recorded.delete(key);
      dirty.proposed.delete(key);
      return ok(true);
    },

    isProposed(key) {
      const name = index().get(key);
      return proposed.has(key) || (name !== undefined && files.list().includes(proposedName(name)));
    },

    proposal(key) {
      const name = index().get(key);
      const fresh = proposed.get(key);
      if (fresh || name === undefined || files.read(proposedName(name)) === undefined) return ok(fresh);
      return load(proposedName(name));
    },

    nearest(asked) {
      const kin = fileName(asked).slice(0, -`${asked.key}.json`.length);
      const all = [...index()].filter(([key]) => key !== asked.key);
      const near = all.filter(([, name]) => name.startsWith(kin));
      const rest = all.filter(([, name]) => !name.startsWith(kin));
      let best: { key: string; comparison: Comparison } | undefined;
      for (const [key] of [...near, ...rest].slice(0, CANDIDATES)) {
        const cassette = find(key);
        if (!cassette.ok || !cassette.value) continue;
        const comparison = compare(cassette.value.request, asked);
        if (!best || comparison.distance < best.comparison.distance) best = { key, comparison };
      }
      return best;
    },

    flush() {
      // Crossed off one by one, after writing: a full disk leaves the rest to be written again.
      for (const key of [...dirty.recorded]) {
        const cassette = loaded.get(key);
        if (cassette?.ok && cassette.value) files.write(index().get(key) as string, write(cassette.value));
        dirty.recorded.delete(key);
      }
      for (const key of [...dirty.proposed]) {
        files.write(proposedName(index().get(key) as string), write(proposed.get(key) as Cassette));
        dirty.proposed.delete(key);
      }
    },
  };
}

const withTake = (cassette: Cassette, take: Take): Cassette => ({
  ...cassette,
  takes: [...cassette.takes.filter((t) => t.occurrence !== take.occurrence), take].sort(
    (a, b) => a.occurrence - b.occurrence,
  ),
});

/** A first answer that was not kept must not make the first call of every replay a miss. */
const withoutGaps = (cassette: Cassette): Cassette => ({
  ...cassette,
  takes: cassette.takes.map((take, occurrence) => ({ ...take, occurrence })),
});
