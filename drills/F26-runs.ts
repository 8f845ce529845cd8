import { type Clock, isOver, type RunState } from '#contracts';
import { seeded, systemClock } from '#kernel';
import { createSimulator, loadWorld } from '#simulator';
import type { Scene, SceneContext } from './define.ts';
import { type House, openHouse } from './house.ts';
import { type Measure, never } from './measure.ts';

/** Runs a seed: with twenty seeds a thousand. */
const RUNS = { quick: 12, full: 50 } as const;
const KILLS = { quick: 1, full: 3 } as const;
/** A run begins so often, milliseconds. */
const EVERY = 80;
/** Longest time that the product lives before it is killed. */
const LIFE = 3_000;
/** A caller who submits hangs up within this, so often, before he hears the answer out. */
const HASTE = 40;
const CUTS = 3;
/** Of a stream, at most, before its watcher loses the connection. */
const DROP = 8_000;
const AGAIN = 50;
/** An answer is kept within this of its end, on a machine that is busy with everything else. */
const KEEPING = 1_000;
/** How often a caller asks how his run is. */
const POLL = 250;
/** Until the end of everything that was accepted. */
const PATIENCE = 60_000;

const WORLD = loadWorld(
  JSON.stringify({
    models: {
      work: {
        firstToken: { median: 300, sigma: 0.4 },
        gap: { median: 15, sigma: 0.3 },
        tokens: { median: 40, sigma: 0.4 },
      },
    },
  }),
);
const configOf = (port: number): string => `
providers:
  up: { protocol: openai, baseUrl: "http://127.0.0.1:${port}/v1", apiKey: none, free: true }
routes:
  all: { tiers: [ { name: primary, targets: [ { provider: up } ] } ] }
`;

/** One call as the provider saw it. */
interface Asked {
  readonly key: string;
  readonly at: number;
  /** All of it that was sent. */
  text: string;
  /** When that was the end. */
  whole?: number;
}

/** The simulated provider on a real socket, with a book of who asked under which key. */
function provider(clock: Clock, seed: number) {
  const simulator = createSimulator({ clock, seed, world: WORLD });
  const asked: Asked[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const key = request.headers.get('idempotency-key') ?? '';
      const one: Asked = { key, at: clock.now(), text: '' };
      asked.push(one);
      const { status, headers, body } = await simulator.fetch(request);
      const decoder = new TextDecoder();
      const noted = body?.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, out) {
            one.text += decoder.decode(chunk, { stream: true });
            out.enqueue(chunk);
          },
          flush() {
            one.whole = clock.now();
          },
        }),
      );
      return new Response(noted ?? null, { status, headers });
    },
  });
  return { asked, port: server.port as number, stop: () => server.stop(true) };
}

interface Line {
  readonly seq: number;
  readonly name: string;
  readonly data: string;
}
interface Told {
  readonly id: string;
  readonly status: RunState;
}

/** What became of one question. */
interface Carried {
  /** Ids that its submissions were told, all of them the same or something is wrong. */
  readonly ids: ReadonlySet<string>;
  readonly end: RunState | undefined;
  /** Seen by a watcher who lost his connection again and again, and by one who asked when all was over. */
  readonly watched: readonly Line[];
  readonly kept: readonly Line[];
}

/** A read of a run's state that was answered. */
interface Read {
  readonly ms: number;
  /** Begun while the product was up, not while it was coming back. */
  readonly up: boolean;
}

interface Night {
  readonly carried: readonly Carried[];
  readonly asked: readonly Asked[];
  readonly kills: readonly number[];
  readonly reads: readonly Read[];
}

/** Callers who hang up, watchers who lose their connection, and a process that is killed: `kills` times. */
async function night({ seed, quick }: SceneContext, kills: number): Promise<Night> {
  const clock = systemClock();
  const random = seeded(`F26 runs ${seed}`);
  const up = provider(clock, seed);
  const house = await openHouse(configOf(up.port));
  try {
    const size = quick ? 'quick' : 'full';
    const reads: Read[] = [];
    const questions = Array.from({ length: RUNS[size] }, (_, i) => ({
      i,
      after: i * EVERY,
      cuts: Array.from({ length: CUTS }, () => random() * HASTE),
      drops: seeded(`F26 drops ${seed} ${i}`),
    }));
    const working = Promise.all(
      questions.map(async (question) => {
        await clock.sleep(question.after);
        return carry(clock, house, question, reads);
      }),
    );
    const killed = killing(
      clock,
      house,
      Array.from({ length: kills }, () => random() * LIFE),
    );
    const [carried, moments] = await Promise.all([working, killed]);
    return { carried, asked: up.asked, kills: moments, reads };
  } finally {
    await house.stop();
    up.stop();
  }
}

async function killing(clock: Clock, house: House, after: readonly number[]): Promise<readonly number[]> {
  const moments: number[] = [];
  for (const wait of after) {
    await clock.sleep(wait);
    await house.kill();
    // What it sent last may still be on its way.
    await clock.sleep(AGAIN);
    moments.push(clock.now());
    await house.again();
  }
  return moments;
}

interface Question {
  readonly i: number;
  /** Milliseconds after which a submission is hung up on, one a try. */
  readonly cuts: readonly number[];
  readonly drops: () => number;
}

async function carry(clock: Clock, house: House, question: Question, reads: Read[]): Promise<Carried> {
  const until = clock.monotonic() + PATIENCE;
  const late = () => clock.monotonic() > until;
  const ids = new Set<string>();
  for (const cut of [...question.cuts, undefined]) {
    let run: Told | undefined;
    do {
      run = await submit(clock, house, question.i, cut);
      // Without a cut only a dead gateway is a reason to come back.
      if (run === undefined && cut === undefined) await clock.sleep(AGAIN);
    } while (run === undefined && cut === undefined && !late());
    if (run) ids.add(run.id);
  }
  const [id = ''] = ids;
  const path = `/v1/runs/${id}`;
  const watching = watch(clock, house, path, question.drops, late);
  let end: RunState | undefined;
  while (end === undefined && !late()) {
    await clock.sleep(POLL);
    const began = clock.monotonic();
    const { up } = house;
    const run = await read<Told>(house, path);
    if (!run) continue;
    reads.push({ ms: clock.monotonic() - began, up });
    if (isOver(run.status)) end = run.status;
  }
  const watched = await watching;
  return { ids, end, watched, kept: await watch(clock, house, path, () => Infinity, late) };
}

/** Undefined when nobody answered, or the caller hung up before. */
async function submit(
  clock: Clock,
  house: House,
  i: number,
  cut: number | undefined,
): Promise<Told | undefined> {
  const hangUp = new AbortController();
  const stop = cut === undefined ? undefined : clock.after(cut, () => hangUp.abort());
  try {
    const answer = await fetch(`${house.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `question-${i}` },
      body: JSON.stringify({
        endpoint: '/v1/chat/completions',
        body: { model: 'work', stream: i % 2 === 0, messages: [{ role: 'user', content: `Question ${i}.` }] },
      }),
      signal: hangUp.signal,
    });
    return answer.status === 202 ? ((await answer.json()) as Told) : undefined;
  } catch {
    // Hung up on, or nobody there: both are what this scene is about.
    return undefined;
  } finally {
    stop?.();
  }
}

async function read<T>(house: House, path: string): Promise<T | undefined> {
  try {
    const answer = await fetch(`${house.url}${path}`);
    return answer.status === 200 ? ((await answer.json()) as T) : undefined;
  } catch {
    // Nobody there just now.
    return undefined;
  }
}

/** Comes back after the last line that it has seen, until the run is over. */
async function watch(
  clock: Clock,
  house: House,
  path: string,
  random: () => number,
  late: () => boolean,
): Promise<readonly Line[]> {
  const seen: Line[] = [];
  const over = () => {
    const last = seen.at(-1);
    return last?.name === 'run' && isOver((JSON.parse(last.data) as Told).status);
  };
  while (!over() && !late()) {
    const drop = Math.ceil(random() * DROP);
    try {
      await listen(`${house.url}${path}/events`, seen, drop);
    } catch {
      // The connection broke: this is how it looks to a watcher when the process is killed.
      await clock.sleep(AGAIN);
    }
  }
  return seen;
}

async function listen(url: string, seen: Line[], drop: number): Promise<void> {
  const answer = await fetch(url, { headers: { 'last-event-id': String(seen.at(-1)?.seq ?? 0) } });
  if (answer.status !== 200) throw new Error(`${answer.status}`);
  const decoder = new TextDecoder();
  let text = '';
  let read = 0;
  for await (const part of answer.body ?? []) {
    // What is beyond the break never arrived, also when it came in the same packet.
    text += decoder.decode(part.subarray(0, drop - read), { stream: true });
    read += part.length;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const line = lineOf(event);
      if (line) seen.push(line);
    }
    if (read >= drop) return;
  }
}

function lineOf(event: string): Line | undefined {
  const fields = event.split('\n').map((line) => line.split(/: (.*)/s));
  const field = (name: string) => fields.flatMap(([key, value = '']) => (key === name ? [value] : []));
  const [id] = field('id');
  return id === undefined
    ? undefined
    : { seq: Number(id), name: field('event')[0] ?? '', data: field('data').join('\n') };
}

const over = (
  all: readonly Carried[],
  wrong: (one: Carried) => boolean,
  says: (one: Carried) => string,
): Measure => {
  const bad = all.filter(wrong);
  return never(bad.length, all.length, bad.map(says));
};
const idOf = ({ ids }: Carried): string => [...ids].join(' and ') || 'no run';

/** Each line once, in order, from the first; and the same to who came back after every break and to who came at the end. */
const torn = ({ watched, kept }: Carried): boolean =>
  JSON.stringify(watched) !== JSON.stringify(kept) || kept.some(({ seq }, i) => seq !== i + 1);

/** What was streamed since the last execution began is not what the provider sent in its last, whole answer. */
function changed({ ids, kept }: Carried, asked: readonly Asked[]): boolean {
  const [id] = ids;
  const told = asked.findLast(({ key, whole }) => key === id && whole !== undefined)?.text ?? '';
  if (!told.startsWith('data:')) return false;
  const sent = [...told.matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
  const begun = kept.findLastIndex(
    ({ name, data }) => name === 'run' && (JSON.parse(data) as Told).status === 'running',
  );
  const got = kept.slice(begun).flatMap(({ name, data }) => (name === 'run' ? [] : [data]));
  return JSON.stringify(sent) !== JSON.stringify(got);
}

/** Calls to the provider that neither a run nor a kill in the middle of one explains. */
function unexplained({ carried, asked, kills }: Night): Measure {
  const runs = new Set(carried.flatMap(({ ids }) => [...ids]));
  let more = 0;
  for (const id of runs) {
    const calls = asked.filter(({ key }) => key === id);
    const hit = calls
      .slice(1)
      .filter(({ at }, i) => kills.some((kill) => kill >= (calls[i]?.at ?? 0) && kill <= at));
    more += Math.max(0, calls.length - 1 - hit.length);
  }
  return never(more + asked.filter(({ key }) => !runs.has(key)).length, asked.length);
}

/** Answers that were over for longer than it takes to keep them when the process was killed, and were asked for again all the same. */
function askedAgain({ asked, kills }: Night): Measure {
  const over = asked.filter(({ whole = Infinity }) => {
    const next = kills.find((kill) => kill >= whole);
    return next !== undefined && next - whole >= KEEPING;
  });
  const again = over.filter(({ key, at }) => asked.some((later) => later.key === key && later.at > at));
  return never(
    again.length,
    over.length,
    again.map(({ key }) => key),
  );
}

const readsOf = ({ reads }: Night, up: boolean): Measure => ({
  kind: 'values',
  values: reads.filter((read) => read.up === up).map(({ ms }) => ms),
});

const judged = (one: Night) => ({
  'runs-lost': over(
    one.carried,
    ({ end }) => end !== 'succeeded',
    (run) => `${idOf(run)} ${run.end ?? 'has no end'}`,
  ),
  'runs-doubled': over(one.carried, ({ ids }) => ids.size !== 1, idOf),
  'watch-torn': over(one.carried, torn, idOf),
  'stream-changed': over(one.carried, (run) => changed(run, one.asked), idOf),
  'calls-unexplained': unexplained(one),
  'kept-asked': askedAgain(one),
  'status-read': readsOf(one, true),
});

const WIRED = { wired: true, unit: 'count', goal: { kind: 'never' } } as const;
const LOST = {
  ...WIRED,
  name: 'runs-lost',
  says: 'runs that were accepted and did not succeed',
  declared: '0 lost',
};
const STATUS = {
  name: 'status-read',
  says: 'read of the state of a run while it is carried out, p99',
  goal: { kind: 'quantile', q: 0.99, atMost: 50 },
  unit: 'ms',
  wired: true,
  full: true,
} as const;

/** `POST /v1/runs` over real sockets, carried out by a process that is killed again and again. */
export const carriedOut: { readonly on: Scene; readonly twin: Scene } = {
  on: {
    expectations: [
      LOST,
      {
        ...WIRED,
        name: 'runs-doubled',
        says: 'questions that were submitted up to four times under one key, across kills, and made more than one run',
        declared: '0 duplicate',
      },
      {
        ...WIRED,
        name: 'watch-torn',
        says: 'runs whose watcher, cut at random bytes, saw other lines than are kept, or a gap in them',
        declared: 'byte-identical',
      },
      {
        ...WIRED,
        name: 'stream-changed',
        says: "streams that differ from the provider's last whole answer",
        declared: 'byte-identical',
      },
      {
        ...WIRED,
        name: 'calls-unexplained',
        says: 'calls to the provider beyond one a run and one for each kill in the middle of it',
      },
      {
        ...WIRED,
        name: 'kept-asked',
        says: 'answers that had ended a second or more before a kill and were asked for again',
        full: true,
        declared: '1 execution a key',
      },
      { ...STATUS, declared: '< 50 ms' },
      {
        ...STATUS,
        name: 'status-restart',
        says: 'the same of those who asked while the process was coming back and were answered, p95',
        goal: { kind: 'quantile', q: 0.95, atMost: 2_000 },
      },
    ],
    async run(context) {
      const one = await night(context, KILLS[context.quick ? 'quick' : 'full']);
      return { ...judged(one), 'status-restart': readsOf(one, false) };
    },
  },
  twin: {
    expectations: [
      { ...LOST, says: 'runs that did not succeed when nothing is killed' },
      {
        ...WIRED,
        name: 'executions',
        says: 'calls to the provider beyond one a run, of callers who hang up and submit again',
        declared: '1 a key',
      },
      { ...STATUS, says: 'the same when nothing is killed', declared: '< 50 ms' },
    ],
    async run(context) {
      const quiet = await night(context, 0);
      return {
        ...judged(quiet),
        executions: never(quiet.asked.length - quiet.carried.length, quiet.asked.length),
      };
    },
  },
};
