import {
  alignRuns,
  bernoulliCusum,
  bisectAdvise,
  bisectStart,
  bisectTell,
  clopperPearson,
  conformalDetector,
  drawBinomial,
  eDetector,
  ewma,
  gaussianCusum,
  multinomialMix,
  probeRateDetector,
  rateDetector,
  type Sequential,
  seededRandom,
  sketch,
  sprt,
  twoSampleRates,
  wilson,
} from '#kernel/stats';
import { type Row, runsOf, type Section } from './lib.ts';

/** Best of several rounds, in the unit of `per` (1 = ms): the machine is shared, and only interruptions add time. */
function best(rounds: number, work: () => void, each: number): number {
  let least = Infinity;
  for (let i = 0; i < rounds; i++) {
    const from = performance.now();
    work();
    least = Math.min(least, (performance.now() - from) / each);
  }
  return least;
}

function stepTime<S, O>(rule: Sequential<S, O, unknown>, observations: readonly O[]): number {
  const n = observations.length;
  let state = rule.start;
  return (
    1e6 *
    best(
      15,
      () => {
        state = rule.start;
        for (let i = 0; i < n; i++) state = rule.step(state, observations[i]!);
      },
      n,
    )
  );
}

const speed: Section = {
  id: 'speed',
  title: 'Speed and size',
  model:
    'Best of several rounds on a shared machine. A detector step is one call of `step` on a live stream; bounds are the promises of the module.',
  run(scale) {
    const random = seededRandom('speed');
    const n = runsOf(20_000, scale);
    const bits = Array.from({ length: n }, () => (random() < 0.03 ? 1 : 0));
    const values = Array.from({ length: n }, () => 2000 * random() + 100);
    const row = (name: string, measured: number, expected: number, unit: Row['unit']): Row => ({
      name,
      measured,
      expected,
      judge: 'most',
      unit: unit ?? '',
    });
    const rows: Row[] = [
      row('e-detector step, 4 sizes', stepTime(rateDetector({ p0: 0.02, c: 5000 }), bits), 200, 'ns'),
      row(
        'probe e-detector step, 4 shifts',
        stepTime(
          probeRateDetector({ c: 5000, shifts: [0.4, 0.7, 1.1, 1.6] }),
          bits.map((x) => ({ x, p0: 0.03 })),
        ),
        200,
        'ns',
      ),
      row(
        'generic e-detector step, 4 sizes',
        stepTime(
          eDetector({ c: 5000, sizes: 4 }),
          bits.map((x) => [x - 0.1, x / 2 - 0.04, -0.01, x - 0.2]),
        ),
        200,
        'ns',
      ),
      row('Bernoulli CUSUM step', stepTime(bernoulliCusum({ p0: 0.02, p1: 0.06, h: 4.5 }), bits), 200, 'ns'),
      row(
        'Gaussian CUSUM step',
        stepTime(
          gaussianCusum({ k: 0.5, h: 5, clip: 4 }),
          values.map((x) => x / 1000 - 1),
        ),
        200,
        'ns',
      ),
      row(
        'SPRT step',
        stepTime(
          sprt({ good: 0.98, bad: 0.94, maxN: 1e9 }),
          bits.map((x) => 1 - x),
        ),
        200,
        'ns',
      ),
      row(
        'two-sample e-process step',
        stepTime(
          twoSampleRates(),
          bits.map((x, i) => ({ before: x, after: bits[n - 1 - i]! })),
        ),
        200,
        'ns',
      ),
      row(
        'multinomial e-process step',
        stepTime(
          multinomialMix({ shares: [0.9, 0.08, 0.02] }),
          bits.map((x, i) => (x ? 1 + (i % 2) : 0)),
        ),
        200,
        'ns',
      ),
      row(
        'EWMA step',
        stepTime(
          ewma({ halfLife: 1000 }),
          values.map((x, i) => ({ at: i, x })),
        ),
        200,
        'ns',
      ),
      {
        name: 'conformal step, 40 p-values a day',
        measured: stepTime(
          conformalDetector({ c: 1000 }),
          bits.slice(0, 1000).map(() => Array.from({ length: 40 }, () => 1 - random())),
        ),
        judge: 'shown',
        unit: 'ns',
        why: 'one step is a day',
      },
    ];
    const live = sketch();
    rows.push(
      row(
        'DDSketch insert',
        1e6 *
          best(
            15,
            () => {
              for (let i = 0; i < n; i++) live.insert(values[i]!);
            },
            n,
          ),
        50,
        'ns',
      ),
    );
    let kept = 0;
    rows.push(
      row(
        'Wilson interval',
        1e6 *
          best(
            10,
            () => {
              for (let i = 0; i < 5000; i++) kept += wilson(i % 101, 100).lower;
            },
            5000,
          ),
        1000,
        'ns',
      ),
    );
    for (const [k, trials] of [
      [3, 100],
      [50, 1000],
      [500, 1000],
      [1000, 100_000],
    ] as const) {
      rows.push(
        row(
          `Clopper–Pearson ${k} of ${trials}`,
          1e3 *
            best(
              10,
              () => {
                for (let i = 0; i < 500; i++) kept += clopperPearson(k, trials + (i % 7)).lower;
              },
              500,
            ),
          5,
          'µs',
        ),
      );
    }
    for (const axes of [5, 8]) {
      let state = bisectStart(axes);
      for (let cell = 0; cell < 32; cell++) {
        const passed = drawBinomial(random, 12, cell % 4 === 3 ? 0.6 : 0.9);
        state = bisectTell(state, cell, { passed, failed: 12 - passed });
      }
      rows.push(
        row(
          `adaptive bisect step, ${axes} axes`,
          best(
            10,
            () => {
              kept += bisectAdvise(state).next;
            },
            1,
          ),
          5,
          'ms',
        ),
      );
    }
    const line = (i: number) => `${i}:${'x'.repeat(80)}`;
    const steps = Array.from({ length: 36_000 }, (_, i) => line(i));
    const edited = steps.flatMap((step, i) =>
      random() < 0.05 ? [] : random() < 0.05 ? [step, step] : random() < 0.05 ? [line(i + 1e6)] : [step],
    );
    rows.push(
      row(
        'alignment of two 3 MB runs, 36,000 steps, 15 % edited',
        best(
          3,
          () => {
            kept += alignRuns(steps, edited).length;
          },
          1,
        ),
        1000,
        'ms',
      ),
    );
    const few = Array.from({ length: 3000 }, () => `tool-${Math.floor(40 * random())} ${'y'.repeat(1000)}`);
    const fewEdited = few.flatMap((step) => (random() < 0.2 ? [] : [step]));
    rows.push(
      row(
        'alignment of two 3 MB runs, 3,000 steps of 40 kinds (no anchors)',
        best(
          3,
          () => {
            kept += alignRuns(few, fewEdited).length;
          },
          1,
        ),
        1000,
        'ms',
      ),
    );
    const manyKinds = Array.from({ length: 36_000 }, () => line(Math.floor(400 * random())));
    rows.push(
      row(
        'alignment of two 3 MB runs, 36,000 steps of 400 kinds (no anchors, banded)',
        best(
          1,
          () => {
            kept += alignRuns(
              manyKinds,
              manyKinds.filter(() => random() > 0.1),
            ).length;
          },
          1,
        ),
        1000,
        'ms',
      ),
    );
    rows.push(
      row('state of an hour of latencies in a sketch', JSON.stringify(hourSketch()).length, 2048, 'B'),
    );
    if (!Number.isFinite(kept)) throw new Error('unreachable: keeps the work from being optimised away');
    return rows;
  },
};

function hourSketch() {
  const random = seededRandom('size');
  const s = sketch();
  for (let i = 0; i < 10_000; i++) s.insert(2500 * Math.exp(random() + random() + random() - 1.5));
  return s.state();
}

export const speedSections: readonly Section[] = [speed];
