import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTranslator } from './index.ts';
import {
  answerOf,
  askOf,
  CASES,
  contextOf,
  FIXTURES,
  json,
  OPTIONS,
  PAIRS,
  relay,
  streamOf,
} from './shared.case.test.ts';

/** What becomes of one case of a pair: the caller's ask on its way there, the target's answer and stream on their way back. */
export function goldenOf(pair: (typeof PAIRS)[number], name: string): string {
  const translator = findTranslator(pair.from, pair.to);
  if (!translator) throw new Error(`no translator for ${pair.from} to ${pair.to}`);
  const ask = askOf(pair.from, name);
  const asked = translator.ask(ask, OPTIONS);
  const answered = translator.answer(answerOf(pair.to, name), contextOf(ask));
  const golden = {
    ask: asked.ok ? { losses: asked.value.losses, body: json(asked.value.body) } : asked.error,
    answer: answered.ok ? json(answered.value) : answered.error,
    stream: relay(translator, ask, streamOf(pair.to, name), []).split('\n\n'),
  };
  return `${JSON.stringify(golden, null, 2)}\n`;
}

export const goldenPath = ({ from, to }: (typeof PAIRS)[number], name: string): string =>
  join(FIXTURES, 'golden', `${from}.${to}`, `${name}.json`);

/** Written anew only on purpose, and read before it is kept. */
if (import.meta.main)
  for (const pair of PAIRS) {
    mkdirSync(join(FIXTURES, 'golden', `${pair.from}.${pair.to}`), { recursive: true });
    for (const name of CASES) writeFileSync(goldenPath(pair, name), goldenOf(pair, name));
  }
