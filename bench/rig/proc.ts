import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second of the times in /proc; 100 on every Linux that Bun runs on. */
const TICKS = 100;

/** Processor time used so far, seconds: of the whole process, and of its first thread, which runs the JavaScript. */
export interface Cpu {
  readonly all: number;
  readonly main: number;
}

export function cpuOf(pid: number): Cpu {
  return { all: seconds(`/proc/${pid}/stat`), main: seconds(`/proc/${pid}/task/${pid}/stat`) };
}

/** User and system time of a stat line; fields are counted after the name, which may hold anything but a newline. */
function seconds(file: string): number {
  const fields = fieldsOf(file);
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function fieldsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Resident memory, megabytes; shared pages of mapped files count, as they do in `ps`. */
export function rssOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes ?? 0) / 1024;
}

/** Proportional memory of several processes, megabytes: pages that they share are counted once. */
export function pssOf(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const text = readOrNothing(`/proc/${pid}/smaps_rollup`);
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** All processes below `pid`, at any depth, with the names of their programs. */
export function descendantsOf(pid: number): readonly { readonly pid: number; readonly name: string }[] {
  const all = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = readOrNothing(`/proc/${entry}/stat`);
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? [];
    return name === undefined ? [] : [{ pid: Number(entry), name, parent: Number(parent) }];
  });
  const found: { pid: number; name: string }[] = [];
  const below = (parent: number) => {
    for (const one of all)
      if (one.parent === parent) {
        found.push({ pid: one.pid, name: one.name });
        below(one.pid);
      }
  };
  below(pid);
  return found;
}

/** A process may end between being listed and being read. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
