import { availableParallelism } from 'node:os';

/** One core for the gateway that is measured, another for everything else: upstream, load, Postgres and this bench. */
export const GATEWAY_CORE = 0;
export const OTHER_CORE = 1;

const TASKSET = Bun.which('taskset');
/** Asked once: afterwards this process is pinned itself and would be told of one core. */
const CORES = availableParallelism();

/** False where the kernel's tool is missing or one core is all there is; the results say so. */
export const pinned: boolean = TASKSET !== null && CORES >= 2;

/** The command, bound to a core from its first instruction. */
export const on = (core: number, command: readonly string[]): string[] =>
  pinned && TASKSET ? [TASKSET, '-c', String(core), ...command] : [...command];

/** The command on all cores: it would inherit ours. */
export const anywhere = (command: readonly string[]): string[] =>
  pinned && TASKSET ? [TASKSET, '-c', `0-${CORES - 1}`, ...command] : [...command];

/** Gives a running process all cores back. */
export function spreadOut(pid: number): void {
  if (pinned && TASKSET) Bun.spawnSync([TASKSET, '-a', '-p', '-c', `0-${CORES - 1}`, String(pid)]);
}

/** Moves a running process, all its threads, and what it will fork. */
export function move(pid: number, core: number): void {
  if (pinned && TASKSET) Bun.spawnSync([TASKSET, '-a', '-p', '-c', String(core), String(pid)]);
}
