import { defineDrill, type Scene } from './define.ts';
import { outage } from './F41-outage.ts';
import { slow } from './F41-slow.ts';

const both = (one: Scene, other: Scene): Scene => ({
  expectations: [...one.expectations, ...other.expectations],
  run: async (context) => ({ ...(await one.run(context)), ...(await other.run(context)) }),
});

export const F41 = defineDrill({
  id: 'F41',
  title: 'Graded health, from slow to down',
  world:
    'A provider that answers while it gets slower: a share of slow answers from one moment to the next, then a ramp of six hours. Beside it one that is down for 60 s and then healthy. Behind both a spare that is well.',
  seeds: { full: 20, quick: 2 },
  on: both(slow.on, outage.on),
  twin: both(slow.twin, outage.twin),
  off: both(slow.off, outage.off),
});
