import type { Drill } from './define.ts';
import { F14 } from './F14.ts';
import { F19 } from './F19.ts';
import { F21 } from './F21.ts';
import { F22 } from './F22.ts';
import { F23 } from './F23.ts';
import { F26 } from './F26.ts';
import { F31 } from './F31.ts';
import { F34 } from './F34.ts';
import { F37 } from './F37.ts';
import { F41 } from './F41.ts';
import { F46 } from './F46.ts';
import { F49 } from './F49.ts';
import { F56 } from './F56.ts';
import { F57 } from './F57.ts';

/** Every drill, in order of its entry; a test compares this with the files. */
export const drills: readonly Drill[] = Object.freeze([
  F14,
  F19,
  F21,
  F22,
  F23,
  F26,
  F31,
  F34,
  F37,
  F41,
  F46,
  F49,
  F56,
  F57,
]);

export type { Drill, Expectation } from './define.ts';
export {
  LEVELS,
  type LoadLevel,
  type LoadWorld,
  loadTest,
  type Measured,
  QUEUE,
  TooMuchLoad,
} from './load-test.ts';
export type { DrillVerdict, Judged } from './measure.ts';
export { type DrillReport, type DrillResult, type RunOptions, runDrill } from './run.ts';
