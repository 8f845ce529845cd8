import type { Clock, Log } from '#contracts';
import { createRedactor } from '#telemetry';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const COLOURS = { debug: 90, info: 36, warn: 33, error: 31 } as const;

export interface LogOptions {
  readonly clock: Clock;
  readonly write: (line: string) => void;
  /** For eyes: short and coloured. Otherwise one JSON object a line. */
  readonly pretty: boolean;
  readonly level: (typeof LEVELS)[number];
}

/** The product's own log, to standard error. Masked as a whole line, so that no field can carry a secret out. */
export function createLog({ clock, write, pretty, level }: LogOptions): Log {
  const redactor = createRedactor();
  const least = LEVELS.indexOf(level);
  return (at, event, data = {}) => {
    if (LEVELS.indexOf(at) < least) return;
    const time = new Date(clock.now()).toISOString();
    const line = pretty
      ? `\u001b[90m${time.slice(11, 19)}\u001b[0m \u001b[${COLOURS[at]}m${at.padEnd(5)}\u001b[0m ${event}${Object.entries(
          data,
        )
          .map(([k, v]) => ` \u001b[90m${k}=\u001b[0m${typeof v === 'string' ? v : JSON.stringify(v)}`)
          .join('')}`
      : JSON.stringify({ time, level: at, event, ...data });
    write(`${redactor.secrets(line).text}\n`);
  };
}
