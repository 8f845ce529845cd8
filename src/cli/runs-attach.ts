import { Command } from 'commander';
import { isOver, type RunEvent, type RunState } from '#contracts';
import { systemClock } from '#kernel';
import { type Midwatch, MidwatchError } from '#sdk';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { whole } from './process.ts';
import { dim, note, print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly after: number;
  readonly json?: true;
}

/** How often to look for more. */
const LOOK = 400;

/** `find` makes an id of what a person writes for one. */
export const attach = (find: (midwatch: Midwatch, wanted: string) => Promise<string>) =>
  withConnection(
    new Command('attach')
      .description(
        'Watch a run to its end, from its beginning or after an event; a Midwatch that restarts meanwhile is waited for. Exits 1 when the run did not succeed.',
      )
      .argument('<run>', 'its id, its last characters, or last')
      .option('--after <seq>', 'go on after this event', whole, 0)
      .option('--json', 'print one JSON object an event'),
  ).action(async (wanted: string, flags: Flags) => {
    const { midwatch } = await connect(flags);
    const id = await find(midwatch, wanted);
    let state: RunState | undefined;
    let spoken = false;
    for await (const event of eventsOf(midwatch, id, flags.after)) {
      if (flags.json) printJson(event);
      else if (event.name !== 'run') {
        const text = textIn(event.data);
        if (text !== '') process.stdout.write(text);
        spoken ||= text !== '';
      }
      if (event.name !== 'run') continue;
      state = (JSON.parse(event.data) as { status: RunState }).status;
      if (flags.json) continue;
      // What is told of the run goes beside the answer, or a pipe would mix them.
      if (spoken) print('');
      spoken = false;
      note(dim(`${event.seq} ${inWords(event)}`));
    }
    state ??= (await midwatch.runs.get(id)).run.state;
    process.exitCode = exitOf(state);
  });

const exitOf = (state: RunState): Exit =>
  state === 'succeeded' || state === 'degraded' ? EXIT.good : EXIT.bad;

async function* eventsOf(midwatch: Midwatch, id: string, after: number): AsyncGenerator<RunEvent> {
  const clock = systemClock();
  let at = after;
  for (;;) {
    try {
      const { events, over } = await midwatch.runs.events(id, { after: at });
      for (const event of events) {
        at = event.seq;
        yield event;
      }
      if (over) return;
      if (events.length > 0) continue;
    } catch (error) {
      // The run goes on when Midwatch is back, and so does its watcher.
      if (!(error instanceof MidwatchError) || (error.status !== 0 && error.status < 500)) throw error;
    }
    await clock.sleep(LOOK);
  }
}

function inWords({ data }: RunEvent): string {
  const { status, execution, error, outcome, again_in_ms, approval } = JSON.parse(data) as {
    readonly status: RunState;
    readonly execution?: number;
    readonly outcome?: string;
    readonly error?: { readonly message: string };
    readonly again_in_ms?: number;
    readonly approval?: { readonly why?: string; readonly decision?: string; readonly by?: string };
  };
  return [
    status,
    ...(approval?.decision === undefined ? [] : [`${approval.decision} by ${approval.by}`]),
    ...(approval?.why === undefined ? [] : [approval.why]),
    ...(execution !== undefined && execution > 1
      ? [`execution ${execution}: what was streamed before is void`]
      : []),
    ...(again_in_ms === undefined ? [] : [`asks again in ${again_in_ms} ms`]),
    ...(isOver(status) && outcome !== undefined ? [outcome] : []),
    ...(error ? [error.message] : []),
  ].join(', ');
}

/** What a person reads of an event of any protocol; nothing of what carries no text. */
function textIn(data: string): string {
  let event: {
    readonly type?: string;
    readonly choices?: readonly { readonly delta?: { readonly content?: unknown } }[];
    readonly delta?: { readonly text?: unknown } | string;
  };
  try {
    event = JSON.parse(data);
  } catch {
    // The terminator of a stream is no JSON.
    return '';
  }
  const { type, choices, delta } = event;
  const text =
    type === 'response.output_text.delta'
      ? delta
      : typeof delta === 'object'
        ? delta.text
        : choices?.[0]?.delta?.content;
  return typeof text === 'string' ? text : '';
}
