import { defineDrill, together } from './define.ts';
import { day } from './F23-day.ts';
import { overload } from './F23-load.ts';

export const F23 = defineDrill({
  id: 'F23',
  title: 'Quota as a design input',
  world:
    'A provider that grants 600 requests, 400,000 tokens in and 80,000 tokens out a minute, six seconds of it at once, and is asked for 1.5 and 3 times as much for ten minutes, three tenths of it by people who wait; five mixes of long and short. Then a limit a day, a day that is busier than those before, and one that people share with background work.',
  seeds: { full: 20, quick: 1 },
  on: together(overload.on, day.on),
  twin: together(overload.twin, day.twin),
  off: together(overload.off, day.off),
});
