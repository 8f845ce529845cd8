import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExchangeId, TranslateContext, Translator } from '#contracts';
import { decode, encode, type Json } from '../shared/json.ts';
import { DIALECTS, type DialectName } from './neutral.ts';

/** What the tests of this folder share: recorded-like cases of each dialect, and ways to run them. */

export const FIXTURES = join(import.meta.dir, 'fixtures');
export const CASES = readdirSync(join(FIXTURES, 'openai-chat'))
  .filter((name) => name.endsWith('.sse'))
  .map((name) => name.slice(0, -'.sse'.length));

export const PAIRS = DIALECTS.flatMap((from) =>
  DIALECTS.filter((to) => to !== from).map((to) => ({ from, to })),
);

const read = (dialect: DialectName, file: string): Uint8Array =>
  new Uint8Array(readFileSync(join(FIXTURES, dialect, file)));

export const askOf = (dialect: DialectName, name: string): Uint8Array => read(dialect, `${name}.ask.json`);
export const answerOf = (dialect: DialectName, name: string): Uint8Array =>
  read(dialect, `${name}.answer.json`);
export const streamOf = (dialect: DialectName, name: string): Uint8Array => read(dialect, `${name}.sse`);

export const OPTIONS = { model: 'target-model', maxTokensDefault: 4_096 };

export const contextOf = (ask: Uint8Array): TranslateContext => ({
  exchange: '01990000-0000-7000-8000-000000000000' as ExchangeId,
  model: 'asked-model',
  at: 1_790_000_000_000,
  ask,
});

/** Everything the translator writes for a stream cut at `cuts` (ascending). Each push must bring whole events only. */
export function relay(
  translator: Translator,
  ask: Uint8Array,
  body: Uint8Array,
  cuts: readonly number[],
): string {
  const stream = translator.stream(contextOf(ask));
  let out = '';
  let from = 0;
  const take = (bytes: Uint8Array | undefined) => {
    if (!bytes) return;
    const text = decode(bytes);
    if (text === '' || !text.endsWith('\n\n')) throw new Error(`not whole events: ${JSON.stringify(text)}`);
    out += text;
  };
  for (const to of [...cuts, body.length]) {
    // A copy that is wiped after the push: chunk bytes may be kept only until then.
    const chunk = body.slice(from, to);
    take(stream.push(chunk));
    chunk.fill(0);
    from = to;
  }
  take(stream.end());
  return out;
}

export const json = (bytes: Uint8Array): Json => JSON.parse(decode(bytes)) as Json;
export const bytes = (value: unknown): Uint8Array => encode(JSON.stringify(value));
