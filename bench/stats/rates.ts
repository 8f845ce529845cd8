import {
  bernoulliCusum,
  clopperPearsonUpper,
  drawBinomial,
  mcnemar,
  probeRateDetector,
  rateDetector,
  twoSampleRates,
} from '#kernel/stats';
import {
  alarmTime,
  bit,
  delayRows,
  type Row,
  repeat,
  runsOf,
  type Section,
  seededRandom,
  shareRow,
  summary,
} from './lib.ts';

const RATIOS = [1.5, 2, 3, 5] as const;

const known: Section = {
  id: 'rates-known',
  title: 'Drift of a rate, baseline known: e-detector',
  model:
    'Independent Bernoulli observations, change at observation 1 (R = 0), sizes 1.5, 2, 3, 5 × p0 with equal weights; 2,000 runs per delay, 400 per ARL.',
  run(scale) {
    const table = [
      {
        p0: 0.02,
        c: 1000,
        arl: 1398,
        cells: [
          [435, 1032],
          [249, 569],
          [121, 264],
          [60, 121],
        ],
      },
      {
        p0: 0.02,
        c: 5000,
        arl: 6987,
        cells: [
          [967, 2244],
          [431, 942],
          [181, 374],
          [79, 155],
        ],
      },
      {
        p0: 0.02,
        c: 20_000,
        arl: 26_600,
        cells: [
          [1611, 3690],
          [612, 1309],
          [240, 494],
          [97, 186],
        ],
      },
      { p0: 0.02, c: 450_000, cells: [undefined, [1030, 1981], [362, 697], [138, 253]] },
      {
        p0: 0.05,
        c: 5000,
        arl: 6513,
        cells: [
          [534, 1249],
          [210, 455],
          [84, 171],
          [34, 63],
        ],
      },
    ];
    return table.flatMap(({ p0, c, arl, cells }): Row[] => {
      const random = seededRandom('rates', p0, c);
      const detector = rateDetector({ p0, c });
      const rows: Row[] = [];
      if (arl !== undefined) {
        const times = repeat(runsOf(400, scale), () => alarmTime(detector, () => bit(random, p0)));
        const s = summary(times);
        rows.push({
          name: `p0 ${p0}, c ${c}: ARL`,
          measured: s.mean,
          expected: arl,
          judge: 'delay',
          error: s.meanError,
        });
      } else {
        const hits = repeat(
          runsOf(2000, scale),
          () => alarmTime(detector, () => bit(random, p0), 22_500) <= 22_500,
        );
        rows.push(
          shareRow(`p0 ${p0}, c ${c}: alarm within 22,500 (published: 2 % measured)`, hits, 0.05, 'bound'),
        );
      }
      cells.forEach((cell, i) => {
        if (!cell) return;
        const times = repeat(runsOf(2000, scale), () =>
          alarmTime(detector, () => bit(random, RATIOS[i]! * p0)),
        );
        rows.push(...delayRows(`p0 ${p0}, c ${c}, ${RATIOS[i]}×`, times, cell[0]!, cell[1]!));
      });
      return rows;
    });
  },
};

const cusum: Section = {
  id: 'rates-cusum',
  title: 'Bernoulli CUSUM tuned at 3×',
  model:
    'p0 = .02, p1 = .06, h = 4.5; 2,000 runs per delay, 400 per ARL. The bound e^h = 90 beside the real ARL shows why h has to be simulated.',
  run(scale) {
    const random = seededRandom('rates-cusum');
    const detector = bernoulliCusum({ p0: 0.02, p1: 0.06, h: 4.5 });
    const arl = summary(repeat(runsOf(400, scale), () => alarmTime(detector, () => bit(random, 0.02))));
    const rows: Row[] = [
      { name: 'ARL', measured: arl.mean, expected: 6875, judge: 'delay', error: arl.meanError },
    ];
    for (const [ratio, mean] of [
      [2, 391],
      [3, 147],
      [5, 62],
    ] as const) {
      const s = summary(
        repeat(runsOf(2000, scale), () => alarmTime(detector, () => bit(random, 0.02 * ratio))),
      );
      rows.push({
        name: `mean delay at ${ratio}×`,
        measured: s.mean,
        expected: mean,
        judge: 'delay',
        error: s.meanError,
      });
    }
    return rows;
  },
};

const baseline: Section = {
  id: 'rates-baseline',
  title: 'Baseline error: plug-in estimate beside the Clopper–Pearson bound',
  published: 2000,
  model:
    'p0 = .02 learned from n0 clean observations drawn afresh per run, e-detector c = 5,000; false alarm within 7,000; mean delay at 3× with the same horizon (the published one is not stated); 2,000 runs.',
  run(scale) {
    const random = seededRandom('baseline');
    const table = [
      { n0: 1000, form: 'plug-in', alarm: 0.6, delay: 194 },
      { n0: 1000, form: 'upper 97.5 % bound', alarm: 0.09, delay: 366 },
      { n0: 500, form: 'plug-in', alarm: 0.62 },
      { n0: 500, form: 'upper 97.5 % bound', alarm: 0.05, delay: 582 },
    ];
    return table.flatMap(({ n0, form, alarm, delay }): Row[] => {
      const make = () => {
        const k = drawBinomial(random, n0, 0.02);
        return rateDetector({
          p0: form === 'plug-in' ? Math.max(k, 0.5) / n0 : clopperPearsonUpper(k, n0),
          c: 5000,
        });
      };
      const rows = [
        shareRow(
          `n0 ${n0}, ${form}: alarm within 7,000`,
          repeat(runsOf(2000, scale), () => alarmTime(make(), () => bit(random, 0.02), 7000) <= 7000),
          alarm,
          'share',
          form === 'plug-in' ? 'naive rule: this is what the bound is for' : undefined,
        ),
      ];
      if (delay !== undefined) {
        const s = summary(
          repeat(runsOf(2000, scale), () => alarmTime(make(), () => bit(random, 0.06), 7000)),
        );
        rows.push({
          name: `n0 ${n0}, ${form}: mean delay at 3×`,
          measured: s.mean,
          expected: delay,
          judge: 'delay',
          error: s.meanError,
        });
      }
      return rows;
    });
  },
};

const twoSample: Section = {
  id: 'rates-two-sample',
  title: 'Two-sample e-process',
  model:
    'Blocks of one old and one new observation, α = .05, Beta(.18, .18); median blocks over 2,000 runs; type I over 10,000 null runs of 2,000 blocks (published .041, rate and length not given; here p = .1).',
  run(scale) {
    const random = seededRandom('two-sample');
    const rule = twoSampleRates({ alpha: 0.05 });
    const time = (a: number, b: number, limit: number) => {
      let state = rule.start;
      for (let t = 1; t <= limit; t++) {
        state = rule.step(state, { before: bit(random, a), after: bit(random, b) });
        if (rule.read(state).alarm) return t;
      }
      return limit + 1;
    };
    const rows: Row[] = [
      shareRow(
        'type I, p = .1, 2,000 blocks',
        repeat(runsOf(10_000, scale), () => time(0.1, 0.1, 2000) <= 2000),
        0.05,
        'bound',
        'published .041',
      ),
    ];
    for (const [a, b, median] of [
      [0.02, 0.06, 420],
      [0.02, 0.1, 127],
      [0.9, 0.6, 39],
    ] as const) {
      const s = summary(repeat(runsOf(2000, scale), () => time(a, b, 20_000)));
      rows.push({
        name: `${a} against ${b}: median blocks`,
        measured: s.median,
        expected: median,
        judge: 'delay',
        error: s.medianError,
      });
    }
    return rows;
  },
};

const border: Section = {
  id: 'rates-border',
  title: 'Border Probes: information grows with p(1−p)',
  model:
    'True shift +1 in log-odds, c = 5,000, probe detector with shifts log 1.5, log 2, log 3, log 5; 2,000 runs, mean observations. The published model leaves the shifts open.',
  run(scale) {
    const random = seededRandom('border');
    return [
      [0.01, 367],
      [0.02, 234],
      [0.2, 57],
      [0.5, 55],
    ].map(([p0, expected]): Row => {
      const detector = probeRateDetector({ c: 5000, shifts: RATIOS.map(Math.log) });
      const odds = (p0! / (1 - p0!)) * Math.E;
      const p = odds / (1 + odds);
      const s = summary(
        repeat(runsOf(2000, scale), () => alarmTime(detector, () => ({ x: bit(random, p), p0: p0! }))),
      );
      return {
        name: `p0 ${p0}: mean delay`,
        measured: s.mean,
        expected: expected!,
        judge: 'delay',
        error: s.meanError,
      };
    });
  },
};

const pairs: Section = {
  id: 'rates-mcnemar',
  title: 'McNemar power, α = .01',
  published: 2000,
  model:
    'N prompts, each newly refused with net + 1 %, newly answered with 1 %, otherwise unchanged; 4,000 runs; false alarm with net 0.',
  run(scale) {
    const random = seededRandom('mcnemar');
    const power = (n: number, sides: 'one-sided' | 'two-sided', net: number) =>
      repeat(runsOf(4000, scale), () => {
        const b = drawBinomial(random, n, net + 0.01);
        const c = drawBinomial(random, n - b, 0.01 / (1 - net - 0.01));
        return mcnemar(b, c, sides).p <= 0.01;
      });
    const table = [
      [200, 'one-sided', 0.21, 0.57, 0.98],
      [400, 'one-sided', 0.59, 0.94, 1],
      [1000, 'one-sided', 0.98, 1, 1],
      [200, 'two-sided', 0.14, 0.47, 0.97],
      [400, 'two-sided', 0.46, 0.89, 1],
      [1000, 'two-sided', 0.96, 1, 1],
    ] as const;
    return table.flatMap(([n, sides, ...cells]) => [
      shareRow(`N ${n}, ${sides}: type I`, power(n, sides, 0), 0.01, 'bound'),
      ...cells.map((cell, i) =>
        shareRow(`N ${n}, ${sides}, net ${[3, 5, 10][i]} %`, power(n, sides, [0.03, 0.05, 0.1][i]!), cell),
      ),
    ]);
  },
};

const naive: Section = {
  id: 'rates-naive',
  title: 'The rule to beat: rolling mean and 3σ',
  published: 400,
  model:
    'Day value above the 14-day mean + max(3σ, 5 points) on 2 of 3 days; 200 observations a day, 28 clean days at 2 %, 60 shifted; 2,000 runs. Beside it the e-detector at c = 450,000 in the same 60 days, whose false alarms over the same 88 clean days stand last.',
  run(scale) {
    const random = seededRandom('naive');
    const day = (p: number) => drawBinomial(random, 200, p) / 200;
    const rolling = (p: number) => {
      const days = repeat(28, () => day(0.02));
      const flags = [false, false];
      for (let d = 0; d < 60; d++) {
        const window = days.slice(-14);
        const mean = window.reduce((a, b) => a + b, 0) / 14;
        const sd = Math.sqrt(window.reduce((a, b) => a + (b - mean) ** 2, 0) / 13);
        const value = day(p);
        flags.push(value > mean + Math.max(3 * sd, 0.05));
        days.push(value);
        if (flags.slice(-3).filter(Boolean).length >= 2) return true;
      }
      return false;
    };
    const detector = rateDetector({ p0: 0.02, c: 450_000 });
    const runs = runsOf(2000, scale);
    const rows = [
      [0.04, 0],
      [0.06, 0.08],
      [0.1, 0.58],
      [0.15, 0.72],
    ].flatMap(([p, found]): Row[] => [
      shareRow(
        `rolling 3σ finds 2 → ${Math.round(100 * p!)} %`,
        repeat(runs, () => rolling(p!)),
        found!,
      ),
      {
        ...shareRow(
          `e-detector finds 2 → ${Math.round(100 * p!)} %`,
          repeat(runs, () => alarmTime(detector, () => bit(random, p!), 12_000) <= 12_000),
          1,
        ),
        judge: 'shown',
      },
    ]);
    return [
      ...rows,
      shareRow(
        'e-detector: false alarm in 88 clean days',
        repeat(runs, () => alarmTime(detector, () => bit(random, 0.02), 17_600) <= 17_600),
        17_600 / 450_000,
        'bound',
      ),
    ];
  },
};

export const rateSections: readonly Section[] = [known, cusum, baseline, twoSample, border, pairs, naive];
