import { type Clock, err, ok, type Result, type TransportRequest } from '#contracts';
import { type CheckOptions, type CheckReport, check } from './check.ts';
import { compare } from './diff.ts';
import { isStream } from './ending.ts';
import { asker } from './key.ts';
import { library } from './library.ts';
import { maskValue } from './mask.ts';
import { type Drift, driftOf, shapeOf } from './shape.ts';
import type {
  Bill,
  Cassette,
  CassetteFiles,
  MatchOptions,
  NearMiss,
  Question,
  Shelved,
  Take,
} from './types.ts';

export interface RackOptions {
  readonly files: CassetteFiles;
  readonly clock: Clock;
  readonly mask: (text: string) => string;
  readonly match?: MatchOptions;
}

/** A folder of cassettes as a person works with it, when no call is under way. */
export interface Rack {
  list(): readonly Shelved[];
  /** The one key that begins so; the error is one sentence. */
  find(beginning: string): Result<string, string>;
  /** What keeps a question from being answered, field by field. */
  miss(request: TransportRequest): NearMiss;
  /** How the answers that wait for a reviewer differ from those on file; undefined when none waits. */
  proposal(key: string): Result<Proposal | undefined, string>;
  accept(key: string, note: string): Result<boolean, string>;
  check(options: CheckOptions): Promise<CheckReport>;
}

export interface Proposal {
  readonly occurrences: readonly {
    readonly occurrence: number;
    /** Of what the answers look like; absent when only their words differ. */
    readonly drift?: Drift;
    readonly was: string;
    readonly is: string;
  }[];
}

/** Bytes of one live answer that are read when it is checked. */
const MOST = 32 * 1024 ** 2;
/** Characters of an answer that are shown. */
const SHOWN = 400;

export function openRack({ files, clock, mask, match }: RackOptions): Rack {
  const shelf = library(files);
  const read = asker(match);
  return {
    list: () => shelf.keys().map((key) => shelved(key, shelf.find(key), shelf.isProposed(key))),
    find(beginning) {
      const found = shelf.keys().filter((key) => key.startsWith(beginning));
      const [only] = found;
      if (only !== undefined && found.length === 1) return ok(only);
      return err(
        found.length > 1
          ? `${found.length} cassettes begin with "${beginning}".`
          : `No cassette begins with "${beginning}".`,
      );
    },
    miss(request) {
      const asked = read(request);
      const shown = { ...asked, body: maskValue(asked.body, mask) };
      if (shelf.has(asked.key)) return { key: asked.key, hit: true, differences: [] };
      const near = shelf.nearest(shown);
      if (!near) return { key: asked.key, hit: false, differences: [] };
      // Nobody who holds a question in a file knows to whom it would have gone.
      const cassette = shelf.find(near.key);
      const stored = cassette.ok ? cassette.value?.request : undefined;
      const there = stored && read({ ...request, url: urlOf(stored, request.url) });
      if (there?.key === near.key) return { key: near.key, hit: true, differences: [] };
      const differences = stored
        ? compare(stored, { ...shown, host: stored.host, path: stored.path }).differences
        : near.comparison.differences;
      return { key: asked.key, hit: false, nearest: near.key, differences };
    },
    proposal(key) {
      const [now, fresh] = [shelf.find(key), shelf.proposal(key)];
      if (!now.ok) return now;
      if (!fresh.ok) return fresh;
      const { value } = fresh;
      return ok(value && { occurrences: value.takes.map((take) => changed(now.value, take)) });
    },
    accept: (key, note) => shelf.accept(key, { at: clock.now(), note }),
    check: (options) => check(shelf, { clock, maxBytes: MOST }, options),
  };
}

const urlOf = ({ host, path }: Pick<Question, 'host' | 'path'>, asked: string): string =>
  `${new URL(asked).protocol}//${host === 'local' ? '127.0.0.1' : host}${path}`;

function shelved(key: string, found: Result<Cassette | undefined, string>, proposed: boolean): Shelved {
  if (!found.ok || !found.value) {
    const trouble = found.ok ? 'is gone' : found.error;
    return {
      key,
      method: '',
      host: '',
      path: '',
      takes: 0,
      failures: 0,
      releases: [],
      proposed,
      accepted: [],
      trouble,
    };
  }
  const { request, takes, accepted } = found.value;
  const model = (request.body as { model?: unknown } | null)?.model;
  const newest = Math.max(...takes.map(({ recordedAt }) => recordedAt));
  const bill = billOf(takes);
  return {
    key,
    method: request.method,
    host: request.host,
    path: request.path,
    ...(typeof model === 'string' && { model }),
    takes: takes.length,
    failures: takes.filter(({ ended }) => ended !== 'whole').length,
    ...(takes.length > 0 && { recordedAt: newest }),
    releases: [...new Set(takes.flatMap(({ release }) => release ?? []))],
    ...(bill && { bill }),
    proposed,
    accepted,
  };
}

function billOf(takes: readonly Take[]): Bill | undefined {
  let [tokens, microUsd] = [0, 0];
  for (const { bill } of takes) {
    if (!bill) return undefined;
    tokens += bill.tokens;
    microUsd += bill.microUsd;
  }
  return { tokens, microUsd };
}

function changed(recorded: Cassette | undefined, fresh: Take): Proposal['occurrences'][number] {
  const { occurrence } = fresh;
  const before = recorded?.takes.find((take) => take.occurrence === occurrence);
  const [was, is] = [before ? textOf(before) : '', textOf(fresh)];
  const [a, b] = [before && shapeOf(was, isStream(before)), shapeOf(is, isStream(fresh))];
  const drift = a && b && driftOf(a, b);
  return { occurrence, ...(drift && { drift }), was: was.slice(0, SHOWN), is: is.slice(0, SHOWN) };
}

const textOf = ({ chunks }: Take): string =>
  Buffer.concat(
    chunks.map((chunk) => ('text' in chunk ? Buffer.from(chunk.text) : Buffer.from(chunk.base64, 'base64'))),
  ).toString();
