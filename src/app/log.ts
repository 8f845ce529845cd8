import type { Clock, Log } from '#contracts';
import { createRedactor } from '#telemetry';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const COLOURS = { debug: 90, info: 36, warn: 33, error: 31 } as const;

export interface LogOptions {
  readonly clock: Clock;
  readonly write: (line: string) => void;
  /** For eyes: short. Otherwise one JSON object a line. */
  readonly pretty: boolean;
  /** What is for eyes in colours. */
  readonly coloured?: boolean;
  readonly level: (typeof LEVELS)[number];
}

/** The product's own log, to standard error. Masked as a whole line, so that no field can carry a secret out. */
export function createLog({ clock, write, pretty, coloured = false, level }: LogOptions): Log {
  const paint = (colour: number, text: string) => (coloured ? `\u001b[${colour}m${text}\u001b[39m` : text);
  const redactor = createRedactor();
  const least = LEVELS.indexOf(level);
  return (at, event, data = {}) => {
    if (LEVELS.indexOf(at) < least) return;
    const time = new Date(clock.now()).toISOString();
    const line = pretty
      ? `${paint(90, time.slice(11, 19))} ${paint(COLOURS[at], at.padEnd(5))} ${event}${Object.entries(data)
          .map(([k, v]) => ` ${paint(90, `${k}=`)}${typeof v === 'string' ? v : JSON.stringify(v)}`)
          .join('')}`
      : JSON.stringify({ time, level: at, event, ...data });
    write(`${redactor.secrets(line).text}\n`);
  };
}
