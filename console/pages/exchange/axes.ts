import type { Axis } from '@midwatch/contracts';

const INFO: Readonly<Record<Axis, true>> = {
  model: true,
  prompt: true,
  tools: true,
  retrieval: true,
  sampling: true,
  schema: true,
  harness: true,
  policy: true,
};
/** Here and not the contract's own list, which would bring every schema of the contracts into the page. */
export const AXIS_NAMES = Object.keys(INFO) as Axis[];
