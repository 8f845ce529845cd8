import type { EpochMs, QuotaAxis } from '#contracts';
import type { Scene, SceneContext } from './define.ts';
import {
  type Axis,
  type Call,
  CONFIG,
  callsOf,
  capacityOf,
  type DrillLane,
  LIMITS,
  MINUTE,
  type Mix,
  mixOf,
  worldOf,
} from './F23-world.ts';
import { type Measure, never } from './measure.ts';
import type { Rehearsal, Seen } from './rehearsal.ts';

/** At first the buckets are full, and nobody knows how long answers are. */
const WARM = { full: MINUTE, quick: MINUTE / 3 } as const;
const SPAN = { full: 10 * MINUTE, quick: MINUTE } as const;
const LOOK_EVERY = 5_000;
/** Nobody returns after so long. */
const LONGEST_RETURN = 5 * MINUTE;

/** Stands for the wait of who was not served at all: longer than anybody waits. */
const NEVER = LONGEST_RETURN * 10;

/** What became of one caller. */
interface Told {
  readonly at: EpochMs;
  readonly lane: DrillLane;
  readonly seen: Seen;
  /** Of who was refused and returned exactly when he was told to. */
  readonly again?: { readonly after: number; readonly seen: Seen };
}

interface Load {
  readonly mix: Mix;
  readonly rehearsal: Rehearsal;
  readonly told: readonly Told[];
  /** What counts begins here. */
  readonly warm: EpochMs;
  /** Share of the binding axis that the provider counted. */
  readonly use: number;
  /** What the product said was binding, one word a look. */
  readonly named: readonly (QuotaAxis | undefined)[];
}

type Ask = (rehearsal: Rehearsal, call: Call) => Promise<Omit<Told, 'at' | 'lane'>>;

const counted = ({ simulator }: Rehearsal, axis: Axis): number => {
  const { requests, refused, tokens } = simulator.ledger().total;
  switch (axis) {
    case 'requests':
      return requests - refused;
    case 'tokensIn':
      return tokens.input;
    case 'tokensOut':
      return tokens.output;
  }
};

async function load(context: SceneContext, offered: number, ask: Ask): Promise<Load> {
  const mix = mixOf(context.seed);
  const rehearsal = context.rehearse({ world: worldOf(mix), config: CONFIG });
  const { clock } = rehearsal;
  const start = clock.now();
  const size = context.quick ? 'quick' : 'full';
  const span = SPAN[size];
  const warm = start + WARM[size];
  const named: (QuotaAxis | undefined)[] = [];
  let before = 0;
  let use = 0;
  const stops = [
    clock.after(WARM[size], () => {
      before = counted(rehearsal, mix.binding);
    }),
    clock.after(span, () => {
      const limit = (LIMITS[mix.binding] * (span - WARM[size])) / MINUTE;
      use = (counted(rehearsal, mix.binding) - before) / limit;
    }),
    clock.every(LOOK_EVERY, () => {
      if (clock.now() > warm) named.push(rehearsal.ledger?.quotas.readings()[0]?.binding);
    }),
  ];
  const all: Promise<Told>[] = [];
  const one = async (call: Call): Promise<Told> => {
    const at = clock.now();
    return { at, lane: call.lane, ...(await ask(rehearsal, call)) };
  };
  const asking = async () => {
    for (const { after, call } of callsOf(context.seed, mix, capacityOf(mix) * offered, span)) {
      await clock.sleep(after);
      all.push(one(call));
    }
    await clock.sleep(start + span + 1 - clock.now());
    for (const stop of stops.slice(2)) stop();
    return Promise.all(all);
  };
  return { mix, rehearsal, told: await rehearsal.run(asking()), warm, use, named };
}

/** As the official clients do: once more after exactly what `retry-after` says. */
const obedient: Ask = async (rehearsal, { question }) => {
  const seen = await rehearsal.send(question);
  const after = Number(seen.headers.get('retry-after')) * 1_000;
  if (seen.status !== 429 || !(after > 0) || after > LONGEST_RETURN) return { seen };
  await rehearsal.clock.sleep(after);
  return { seen, again: { after, seen: await rehearsal.send(question) } };
};

const TRIES = 10;
/** What everybody writes first: try, and double the pause with jitter. */
const naive: Ask = async (rehearsal, { question }) => {
  const { clock } = rehearsal;
  const began = clock.monotonic();
  for (let tries = 1; ; tries++) {
    const seen = await rehearsal.sendDirectly(question);
    if (seen.status !== 429 || tries === TRIES) return { seen: { ...seen, ms: clock.monotonic() - began } };
    await clock.sleep(clock.random() * Math.min(MINUTE, 1_000 * 2 ** tries));
  }
};

const refusedByProvider = ({ rehearsal }: Load): Measure => {
  const { requests, refused } = rehearsal.simulator.ledger().total;
  return { kind: 'rate', events: refused, n: requests };
};

const settled = ({ told, warm }: Load) => told.filter(({ at }) => at >= warm);
const served = ({ seen, again }: Told) => (again?.seen ?? seen).status === 200;

/** From a caller's first word to the moment at which the provider was asked. */
function waits({ rehearsal, ...load }: Load, lane: DrillLane): Measure {
  const sentAt = new Map(
    rehearsal.finished.map(({ facts }) => [facts.id as string, facts.attempts.at(-1)?.startedAt]),
  );
  const values = settled({ rehearsal, ...load })
    .filter((one) => one.lane === lane)
    .map((one) => {
      const last = one.again?.seen ?? one.seen;
      const sent = sentAt.get(last.headers.get('x-midwatch-exchange') ?? '');
      return served(one) && sent !== undefined ? sent - one.at : NEVER;
    });
  return { kind: 'values', values };
}

/** Returned when told to, and let through then. */
function returned({ told, rehearsal }: Load): Measure {
  const sent = new Set(
    rehearsal.finished.flatMap(({ facts }) => (facts.attempts.length > 0 ? [facts.id as string] : [])),
  );
  const back = told.flatMap(({ again }) => again?.seen.headers.get('x-midwatch-exchange') ?? []);
  return { kind: 'rate', events: back.filter((id) => sent.has(id)).length, n: back.length };
}

/** Of what was sent to the provider. */
function shareOf({ rehearsal, told, warm }: Load, lane: DrillLane): Measure {
  const lanes = new Map(
    told.flatMap((one) =>
      [one.seen, one.again?.seen].map((seen) => [seen?.headers.get('x-midwatch-exchange') ?? '', one.lane]),
    ),
  );
  const sent = rehearsal.finished.flatMap(({ facts }) =>
    facts.attempts.some(({ startedAt }) => startedAt >= warm) ? lanes.get(facts.id) : [],
  );
  return { kind: 'values', values: [sent.filter((one) => one === lane).length / sent.length] };
}

/** The axis that was named most often is not the one that binds. */
const misnamed = ({ named, mix }: Load): Measure => {
  const right = named.filter((axis) => axis === mix.binding).length;
  return never(right * 2 > named.length ? 0 : 1, 1, [
    `${mix.binding} named in ${right} of ${named.length} looks`,
  ]);
};

const useOf = ({ use }: Load): Measure => ({ kind: 'values', values: [use] });

export const overload: { readonly on: Scene; readonly off: Scene; readonly twin: Scene } = {
  on: {
    expectations: [
      {
        name: 'refused',
        says: '429s of the provider at 1.5 times the limit',
        goal: { kind: 'rate', atMost: 0.005 },
        unit: 'share',
        declared: '82 % → 0.5 %',
        full: true,
      },
      {
        name: 'use',
        says: 'use of the binding axis at 1.5 times the limit, each seed',
        goal: { kind: 'every', atLeast: 0.95 },
        unit: 'share',
        declared: '95 %',
      },
      {
        name: 'wait',
        says: 'wait of interactive callers at 1.5 times the limit, p95, those sent away and back included',
        goal: { kind: 'quantile', q: 0.95, atMost: 1_500 },
        unit: 'ms',
        declared: '59 s → 1.5 s',
        full: true,
      },
      {
        name: 'background',
        says: 'share of background work in what is sent, at 1.5 times the limit, each seed',
        goal: { kind: 'every', atLeast: 0.05 },
        unit: 'share',
        declared: '5 %',
      },
      {
        name: 'binding',
        says: 'seeds in which the wrong axis is named',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'retry-after',
        says: 'let through, of those who return exactly when they were told to, up to five minutes later',
        goal: { kind: 'rate', atLeast: 0.99 },
        unit: 'share',
        declared: '99 %',
        full: true,
      },
      {
        name: 'refused-3',
        says: '429s of the provider at 3 times the limit',
        goal: { kind: 'rate', atMost: 0.005 },
        unit: 'share',
        declared: '93 % → 0.5 %',
        full: true,
      },
      {
        name: 'use-3',
        says: 'use of the binding axis at 3 times the limit, each seed',
        goal: { kind: 'every', atLeast: 0.95 },
        unit: 'share',
        declared: '95 %',
      },
      {
        name: 'background-3',
        says: 'share of background work at 3 times the limit, each seed',
        goal: { kind: 'every', atLeast: 0.05 },
        unit: 'share',
        declared: '5 %',
      },
      {
        name: 'retry-after-3',
        says: 'the same promise at 3 times the limit',
        goal: { kind: 'rate', atLeast: 0.99 },
        unit: 'share',
        declared: '99 %',
        full: true,
      },
    ],
    async run(context) {
      const half = await load(context, 1.5, obedient);
      const triple = await load(context, 3, obedient);
      return {
        refused: refusedByProvider(half),
        use: useOf(half),
        wait: waits(half, 'interactive'),
        background: shareOf(half, 'batch'),
        binding: misnamed(half),
        'retry-after': returned(half),
        'refused-3': refusedByProvider(triple),
        'use-3': useOf(triple),
        'background-3': shareOf(triple, 'batch'),
        'retry-after-3': returned(triple),
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'unserved',
        says: 'callers refused at half the limit, by the provider or by us',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'waited',
        says: 'callers who had to wait at all, at half the limit',
        goal: { kind: 'rate', atMost: 0.01 },
        unit: 'share',
        declared: 'nobody',
        full: true,
      },
    ],
    async run(context) {
      const calm = await load(context, 0.5, obedient);
      const unserved = calm.told.filter((one) => one.again || one.seen.status !== 200);
      const waited = calm.rehearsal.finished.filter(
        ({ facts }) => (facts.attempts[0]?.startedAt ?? NEVER) > facts.at,
      );
      return {
        unserved: never(
          unserved.length,
          calm.told.length,
          unserved.map(({ seen }) => seen.body.slice(0, 200)),
        ),
        // Chance alone puts a crowd of long background asks together now and then: of six seconds' worth they may take 70 %.
        waited: { kind: 'rate', events: waited.length, n: calm.told.length },
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'refused',
        says: '429s when callers back off by themselves, 1.5 times the limit',
        goal: { kind: 'rate', atLeast: 0.5 },
        unit: 'share',
        declared: '82 %',
      },
      {
        name: 'wait',
        says: 'until served, interactive callers, p95',
        goal: { kind: 'quantile', q: 0.95, atLeast: 10_000 },
        unit: 'ms',
        declared: '59 s',
      },
      {
        name: 'refused-3',
        says: '429s at 3 times the limit',
        goal: { kind: 'rate', atLeast: 0.7 },
        unit: 'share',
        declared: '93 %',
      },
    ],
    async run(context) {
      const half = await load(context, 1.5, naive);
      const triple = await load(context, 3, naive);
      return {
        refused: refusedByProvider(half),
        wait: {
          kind: 'values',
          values: settled(half)
            .filter(({ lane }) => lane === 'interactive')
            .map((one) => (served(one) ? one.seen.ms : NEVER)),
        },
        'refused-3': refusedByProvider(triple),
      };
    },
  },
};
