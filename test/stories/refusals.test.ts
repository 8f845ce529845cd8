import { afterEach, describe, expect, test } from 'bun:test';
import type { Outcome } from '#contracts';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, puppetHouse } from '../support/houses.ts';
import { type Behaviour, LAST_CHUNK, streamed, whole } from '../support/puppet.ts';
import { ANTHROPIC, asked, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/** A refusal is an answer, and delivered as it is; only a route that says so asks somebody else, and takes it if nobody else is there. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});

interface Refusal {
  readonly name: string;
  readonly of: Tongue;
  readonly outcome: Outcome;
  acts(stream: boolean): Behaviour;
}

const silently =
  (t: Tongue, finish: string) =>
  (stream: boolean): Behaviour =>
    stream
      ? ({ write }) => write(`${streamed(t.sse, ...t.opening, t.reason(finish), t.terminator)}${LAST_CHUNK}`)
      : ({ write }) => write(whole(200, t.json, t.answer('', finish)));

const REFUSALS: readonly Refusal[] = [
  { name: 'a filter', of: OPENAI, outcome: 'content_filter', acts: silently(OPENAI, 'content_filter') },
  { name: 'a refusal', of: ANTHROPIC, outcome: 'refusal', acts: silently(ANTHROPIC, 'refusal') },
];

for (const { name, of, outcome, acts } of REFUSALS)
  for (const caller of TONGUES)
    for (const stream of [false, true])
      describe(`${name} without text, ${stream ? 'streamed' : 'whole'}, ${caller.name} client`, () => {
        const open = async (fallbackOn: readonly string[], spare: boolean) => {
          set = await puppetHouse(acts(stream), {
            tongue: of,
            route: { fallbackOn, attempts: { perTarget: 2 } },
            ...(spare && { second: (call) => well(call, { tongue: of, stream }) }),
          });
          return set;
        };

        test('is delivered as it is', async () => {
          const { house, first, second, record } = await open([], true);
          const told = await asked(house.url, caller, { stream });
          expect(told).toMatchObject({ error: undefined, text: '' });
          expect(told.refusal !== '' || /content_filter|refusal/.test(told.finish ?? '')).toBe(true);
          expect((await record(0)).outcome).toBe(outcome);
          expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
        });

        test('is routed around where the route says so, and held against nobody', async () => {
          const { house, first, second, record } = await open([outcome], true);
          const told = await asked(house.url, caller, { stream });
          expect(told).toMatchObject({ error: undefined, text: 'Hello' });
          const facts = await record(0);
          expect(facts.outcome).toBe('complete');
          expect(facts.attempts.map((a) => a.outcome)).toEqual([outcome, 'complete']);
          // What was refused was worked on, and is billed.
          if (!stream) expect(facts.attempts[0]?.usage.basis).toBe('reported');
          for (let n = 0; n < 8; n++) await asked(house.url, caller, { stream });
          expect([first.calls.length, second.calls.length]).toEqual([9, 9]);
        });

        test('is routed around for its own kind only', async () => {
          const { house, second } = await open([outcome === 'refusal' ? 'content_filter' : 'refusal'], true);
          expect((await asked(house.url, caller, { stream })).text).toBe('');
          expect(second.calls).toHaveLength(0);
        });

        test('is delivered where nobody else is there', async () => {
          const { house, first, record } = await open([outcome], false);
          const told = await asked(house.url, caller, { stream });
          expect(told).toMatchObject({ error: undefined, text: '' });
          expect(told.refusal !== '' || /content_filter|refusal/.test(told.finish ?? '')).toBe(true);
          expect((await record(0)).outcome).toBe(outcome);
          expect(first.calls).toHaveLength(1);
        });
      });
