import { defineDrill, together } from './define.ts';
import { outage } from './F41-outage.ts';
import { slow } from './F41-slow.ts';
import { stall } from './F41-stall.ts';

export const F41 = defineDrill({
  id: 'F41',
  title: 'Graded health, from slow to down',
  world:
    'A provider that answers while it gets slower: a share of slow answers from one moment to the next, then a ramp of six hours. Beside it one that is down for 60 s and then healthy, and one of whose streams one in a hundred falls silent in the middle. Behind each a spare that is well.',
  seeds: { full: 20, quick: 2 },
  on: together(slow.on, outage.on, stall.on),
  twin: together(slow.twin, outage.twin, stall.twin),
  off: together(slow.off, outage.off, stall.off),
});
