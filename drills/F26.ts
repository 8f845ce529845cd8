import { isGood, OUTCOMES, type Outcome } from '#contracts';
import { seeded } from '#kernel';
import { defineDrill, type Expectation, type SceneContext } from './define.ts';
import { ENDS, type End } from './F26-ends.ts';
import { retries } from './F26-retries.ts';
import { carriedOut } from './F26-runs.ts';
import { type Measure, never } from './measure.ts';
import type { Question, Seen } from './rehearsal.ts';

const CONFIG = `
providers:
  sim: { kind: simulator, free: true }
routes:
  all: { tiers: [ { name: primary, targets: [ { provider: sim } ] } ] }
`;
const NO_FAULT = '{}';

/** The ends that hide behind a status 200: all outcomes but those of a caller or a clock. */
const HIDDEN: readonly Outcome[] = OUTCOMES.filter((o) => o !== 'stalled' && o !== 'cancelled');

/** Times each end is told, each time in other chunks; few where time is real. */
const TELLINGS = { quick: 2, full: 10 } as const;
const tellings = ({ quick, sockets }: SceneContext): number => TELLINGS[quick || sockets ? 'quick' : 'full'];

/** The end as a script that the simulator plays byte for byte, cut into chunks at random places. */
function questionOf(end: End, random: () => number): Question {
  const bytes = Buffer.from(end.wire.join(''));
  const cuts = [
    ...new Set(
      Array.from({ length: Math.floor(random() * 8) }, () => Math.floor(random() * (bytes.length + 1))),
    ),
  ].sort((a, b) => a - b);
  const edges = [0, ...cuts, bytes.length];
  const chunks = edges.slice(1).map((to, i) => ({
    bytes: bytes.subarray(edges[i], to).toString('base64'),
    delayMs: Math.floor(random() * 20),
  }));
  const script = {
    headers: { 'content-type': end.stream ? 'text/event-stream' : 'application/json' },
    framing: end.stream ? 'chunked' : 'length',
    chunks,
    ending: end.torn ? 'reset' : 'clean',
  };
  return {
    path: end.path,
    body: { ...plain(end, 'What is 17*23?'), model: 'sim-script', sim_script: script },
  };
}

function plain({ path, stream }: Pick<End, 'path' | 'stream'>, text: string): object {
  if (path === '/v1/responses') return { model: 'sim-instant', stream, input: text };
  const messages = [{ role: 'user', content: text }];
  return path === '/v1/messages'
    ? { model: 'sim-instant', stream, max_tokens: 500, messages }
    : { model: 'sim-instant', stream, messages };
}

interface Told {
  readonly end: End;
  readonly seen: Seen;
  readonly recorded: Outcome | undefined;
  readonly records: number;
}

async function tellAll(context: SceneContext): Promise<readonly Told[]> {
  const { seed, rehearse } = context;
  const rehearsal = rehearse({ world: NO_FAULT, config: CONFIG });
  const random = seeded(`F26 ${seed}`);
  const told: Told[] = [];
  for (let telling = 0; telling < tellings(context); telling++)
    for (const end of ENDS) {
      const before = rehearsal.finished.length;
      const seen = await rehearsal.ask(questionOf(end, random));
      told.push({
        end,
        seen,
        recorded: rehearsal.finished.at(-1)?.facts.outcome,
        records: rehearsal.finished.length - before,
      });
    }
  return told;
}

/** How many of the cases break the rule, with the first of them by name. */
function rule(told: readonly Told[], keeps: (one: Told) => boolean): Measure {
  const broken = told.filter((one) => !keeps(one));
  const examples = broken.map(
    (b) => `${b.end.name}: recorded ${b.recorded ?? 'nothing'}, caller saw ${b.seen.status}`,
  );
  return never(broken.length, told.length, [...new Set(examples)]);
}

const wordsFor = (outcome: Outcome): string =>
  ENDS.filter((end) => end.outcome === outcome && end.stream)
    .map((end) => end.name.replace(' stream:', ''))
    .slice(0, 3)
    .join(', ');

const mapped = HIDDEN.map(
  (outcome): Expectation => ({
    name: `mapped-${outcome.replace('_', '-')}`,
    says: `${outcome} recorded as something else (${wordsFor(outcome)})`,
    goal: { kind: 'never' },
    unit: 'count',
  }),
);

/** Broken off, and the caller was told so: an error status, an error event, or a connection that breaks. */
const toldOfBreak = ({ seen }: Told): boolean =>
  seen.status >= 400 || seen.broken || /"error"|event: error|response\.failed/.test(seen.body);

export const F26 = defineDrill({
  id: 'F26',
  title: 'Ten ends behind one status 200, and two kinds of retry',
  world: `A provider ends ${ENDS.length} answers in every way that three protocols know, streaming and not, always with status 200. Another takes 90 s; its callers leave after 30, come back three times and lose their connection at random bytes. On real sockets runs are carried out by a process that is killed.`,
  seeds: { full: 20, quick: 2 },
  sockets: true,
  on: {
    expectations: [
      {
        name: 'kinds-mapped',
        says: `kinds of end behind a 200 that are told apart without a mistake, of ${HIDDEN.length}, each seed`,
        goal: { kind: 'every', atLeast: HIDDEN.length },
        unit: 'count',
      },
      ...mapped,
      {
        name: 'bad-counted-good',
        says: 'truncated, refused, filtered, cut or broken answers counted as good',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'good-counted-bad',
        says: 'complete answers and tool calls counted as failed',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'closed-cleanly',
        says: 'answers that broke off and were closed for the caller like whole ones',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'bytes-changed',
        says: 'answers with a reason for their end that reached the caller with other bytes',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'not-recorded-once',
        says: 'exchanges with no record or with more than one',
        goal: { kind: 'never' },
        unit: 'count',
      },
      ...retries.on.expectations,
      ...carriedOut.on.expectations,
    ],
    async run(context) {
      const retried = await (context.sockets ? carriedOut : retries).on.run(context);
      const told = await tellAll(context);
      const measures: Record<string, Measure> = {};
      const right = HIDDEN.filter((outcome) =>
        told.every(({ end, recorded }) => end.outcome !== outcome || recorded === outcome),
      );
      for (const outcome of HIDDEN)
        measures[`mapped-${outcome.replace('_', '-')}`] = rule(
          told.filter(({ end }) => end.outcome === outcome),
          ({ recorded }) => recorded === outcome,
        );
      const bad = told.filter(({ end }) => !isGood(end.outcome));
      const good = told.filter(({ end }) => isGood(end.outcome));
      return {
        ...retried,
        ...measures,
        'kinds-mapped': { kind: 'values', values: [right.length] },
        'bad-counted-good': rule(bad, ({ recorded }) => recorded !== undefined && !isGood(recorded)),
        'good-counted-bad': rule(good, ({ recorded }) => recorded !== undefined && isGood(recorded)),
        'closed-cleanly': rule(
          told.filter(({ end }) => !end.reason),
          toldOfBreak,
        ),
        'bytes-changed': rule(
          told.filter(({ end }) => end.reason),
          ({ end, seen }) => seen.status === 200 && !seen.broken && seen.body === end.wire.join(''),
        ),
        'not-recorded-once': rule(told, ({ records }) => records === 1),
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'healthy-not-complete',
        says: 'ordinary answers recorded as anything but complete',
        goal: { kind: 'never' },
        unit: 'count',
      },
      ...carriedOut.twin.expectations,
    ],
    async run(context) {
      const { seed, quick, rehearse } = context;
      const carried = context.sockets ? await carriedOut.twin.run(context) : {};
      const rehearsal = rehearse({ world: NO_FAULT, config: CONFIG });
      const paths = ['/v1/chat/completions', '/v1/messages', '/v1/responses'] as const;
      for (let i = 0; i < (quick ? 30 : 150); i++)
        await rehearsal.ask({
          path: paths[i % 3] as End['path'],
          body: plain(
            { path: paths[i % 3] as End['path'], stream: i % 2 === 0 },
            `Question ${i} of ${seed}: what do ships need at night?`,
          ),
        });
      const broken = rehearsal.finished.filter(({ facts }) => facts.outcome !== 'complete');
      return {
        ...carried,
        'healthy-not-complete': never(
          broken.length,
          rehearsal.finished.length,
          broken.map(({ facts }) => `${facts.protocol}: ${facts.outcome}`),
        ),
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'status-not-200',
        says: 'answers of all these ends that a status panel would count as an error',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'bad-seen-as-good',
        says: 'share of the ends that are not good and look like a success by status',
        goal: { kind: 'rate', atLeast: 0.98 },
        unit: 'share',
      },
      {
        name: 'latency-p99',
        says: 'p99 of latency stays below an objective of 2 s',
        goal: { kind: 'quantile', q: 0.99, atMost: 2_000 },
        unit: 'ms',
        full: true,
      },
      ...retries.off.expectations,
    ],
    async run(context) {
      const { seed, rehearse } = context;
      const paid = context.sockets ? {} : await retries.off.run(context);
      const rehearsal = rehearse({ world: NO_FAULT, config: CONFIG });
      const random = seeded(`F26 ${seed}`);
      const told: Told[] = [];
      for (let telling = 0; telling < tellings(context); telling++)
        for (const end of ENDS) {
          const seen = await rehearsal.askDirectly(questionOf(end, random));
          told.push({ end, seen, recorded: undefined, records: 0 });
        }
      const bad = told.filter(({ end }) => !isGood(end.outcome));
      return {
        ...paid,
        'status-not-200': rule(told, ({ seen }) => seen.status === 200),
        'bad-seen-as-good': {
          kind: 'rate',
          events: bad.filter(({ seen }) => seen.status === 200).length,
          n: bad.length,
        },
        'latency-p99': { kind: 'values', values: told.map(({ seen }) => seen.ms) },
      };
    },
  },
});
