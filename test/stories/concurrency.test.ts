import { afterEach, describe, expect, test } from 'bun:test';
import type { Lane } from '#contracts';
import { well } from '../support/failure-table.ts';
import { eventually, type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, type Call, whole } from '../support/puppet.ts';
import { ANTHROPIC, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/** Calls under way to a target are limited: beyond the limit another answers, or one waits in line, or is told when to return. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  return set;
};

/** A provider that answers when it is told to. */
function slow(tongue: Tongue = OPENAI) {
  const waiting: Call[] = [];
  return {
    behaviour: ((call) => void waiting.push(call)) as Behaviour,
    get held() {
      return waiting.length;
    },
    answer: (stream = false) => well(waiting.shift() as Call, { tongue, stream }),
  };
}

const ask = (set: PuppetHouse, tongue: Tongue, lane?: Lane, more: RequestInit = {}) =>
  fetch(`${set.house.url}${tongue.path}`, {
    method: 'POST',
    body: tongue.ask(false),
    headers: { 'content-type': 'application/json', ...(lane && { 'x-midwatch-priority': lane }) },
    ...more,
  });
const waitingOf = ({ house }: PuppetHouse) => house.gateway.seats.read()[0];
const TWO = { concurrency: { adaptive: false, max: 2 } };

test('beyond the limit the next tier answers at once, and the record says why', async () => {
  const busy = slow();
  const set = await open(busy.behaviour, {
    second: (call) => well(call, { tongue: OPENAI, stream: false }),
    provider: TWO,
  });
  const both = [ask(set, OPENAI), ask(set, OPENAI)];
  await eventually(() => busy.held === 2);
  const third = await ask(set, OPENAI);
  expect(third.status).toBe(200);
  expect(third.headers.get('x-midwatch-tier')).toBe('fallback');
  const { tier, attempts } = await set.record(0);
  expect(tier).toMatchObject({
    intended: 'primary',
    served: 'fallback',
    demotedBy: 'concurrency',
    reason: 'concurrency',
  });
  expect(attempts).toHaveLength(1);
  expect(waitingOf(set)).toMatchObject({ limit: 2, inFlight: 2 });
  busy.answer();
  busy.answer();
  for (const one of both) expect((await one).headers.get('x-midwatch-tier')).toBe('primary');
  expect(waitingOf(set)).toMatchObject({ inFlight: 0 });
  const again = ask(set, OPENAI);
  await eventually(() => busy.held === 1);
  busy.answer();
  expect((await again).headers.get('x-midwatch-tier')).toBe('primary');
});

test('beyond the limit nobody is sent to a fallback that is known to be broken: he waits for a place', async () => {
  const set = await open((call) => well(call, { tongue: OPENAI, stream: false }), {
    second: ({ write }) => write(whole(404, OPENAI.json, OPENAI.error('not_found', 'no such model'))),
    provider: TWO,
    route: { exercise: { share: 0.05 } },
  });
  const edge = () => set.house.gateway.proofs.read()[0]?.state;
  for (let i = 0; i < 100; i++) expect((await ask(set, OPENAI)).status).toBe(200);
  expect(edge()).toBe('BROKEN');
  const busy = slow();
  set.first.act(busy.behaviour);
  const n = set.house.finished.length;
  const three = [ask(set, OPENAI), ask(set, OPENAI), ask(set, OPENAI)];
  await eventually(() => busy.held === 2 && waitingOf(set)?.waiting.normal === 1);
  busy.answer();
  await eventually(() => busy.held === 2);
  busy.answer();
  busy.answer();
  for (const one of three) expect((await one).status).toBe(200);
  // One of them may have been an exercise, which goes there on purpose.
  const led = set.house.finished.slice(n).filter(({ facts }) => facts.source === 'gateway');
  expect(led.length).toBeGreaterThan(0);
  expect(new Set(led.flatMap(({ facts }) => facts.attempts.map((a) => a.tier)))).toEqual(
    new Set(['primary']),
  );
});

test('with nobody else one waits in line: interactive first, batch last, and never more under way than the limit', async () => {
  const busy = slow();
  const set = await open(busy.behaviour, { provider: TWO, route: { waitForTarget: '10s' } });
  const done: string[] = [];
  const send = (lane: Lane, name: string) =>
    ask(set, OPENAI, lane).then(({ status }) => done.push(`${name} ${status}`));
  const all = [send('normal', 'a'), send('normal', 'b')];
  await eventually(() => busy.held === 2);
  for (const [lane, name] of [
    ['batch', 'batch'],
    ['normal', 'normal'],
    ['interactive', 'interactive'],
  ] as const) {
    all.push(send(lane, name));
    await eventually(() => waitingOf(set)?.waiting[lane] === 1);
  }
  expect(waitingOf(set)).toMatchObject({ inFlight: 2, waiting: { interactive: 1, normal: 1, batch: 1 } });
  for (let n = 0; n < 5; n++) {
    await eventually(() => busy.held === Math.min(2, 5 - n));
    busy.answer();
    await eventually(() => done.length === n + 1);
  }
  await Promise.all(all);
  expect(done).toEqual(['a 200', 'b 200', 'interactive 200', 'normal 200', 'batch 200']);
  expect(set.first.calls).toHaveLength(5);
});

test('the batch lane does not leave its tier: it waits where others go elsewhere', async () => {
  const busy = slow();
  const set = await open(busy.behaviour, {
    second: (call) => well(call, { tongue: OPENAI, stream: false }),
    provider: { concurrency: { adaptive: false, max: 1 } },
  });
  const one = ask(set, OPENAI);
  await eventually(() => busy.held === 1);
  const batch = ask(set, OPENAI, 'batch');
  await eventually(() => waitingOf(set)?.waiting.batch === 1);
  busy.answer();
  await one;
  await eventually(() => busy.held === 1);
  busy.answer();
  expect((await batch).headers.get('x-midwatch-tier')).toBe('primary');
  expect(set.second.calls).toHaveLength(0);
});

describe.each(TONGUES)('in the words of $name', (tongue) => {
  test('a full queue sheds the batch lane first, and then says when to come back', async () => {
    const busy = slow(tongue);
    const set = await open(busy.behaviour, {
      tongue,
      provider: { concurrency: { adaptive: false, max: 1, queue: 1 } },
      route: { waitForTarget: '10s' },
    });
    const one = ask(set, tongue);
    await eventually(() => busy.held === 1);
    const batch = ask(set, tongue, 'batch');
    await eventually(() => waitingOf(set)?.waiting.batch === 1);
    const urgent = ask(set, tongue, 'interactive');
    const shed = await batch;
    expect(shed.status).toBe(429);
    expect(Number(shed.headers.get('retry-after'))).toBeWithin(1, 61);
    const { error } = (await shed.json()) as { error: { type: string; message: string } };
    expect(error.type).toBe(tongue.words.limited);
    expect(error.message).toContain('concurrency');
    const late = await ask(set, tongue, 'interactive');
    expect(late.status).toBe(429);
    busy.answer();
    expect((await one).status).toBe(200);
    await eventually(() => busy.held === 1);
    busy.answer();
    expect((await urgent).status).toBe(200);
    expect(set.first.calls).toHaveLength(2);
  });
});

test('whoever leaves while waiting leaves no place behind', async () => {
  const busy = slow();
  const set = await open(busy.behaviour, { provider: { concurrency: { adaptive: false, max: 1 } } });
  const one = ask(set, OPENAI);
  await eventually(() => busy.held === 1);
  const leaver = new AbortController();
  const gone = ask(set, OPENAI, 'normal', { signal: leaver.signal }).catch(() => 'left');
  await eventually(() => waitingOf(set)?.waiting.normal === 1);
  leaver.abort();
  expect(await gone).toBe('left');
  await eventually(() => waitingOf(set)?.waiting.normal === 0);
  busy.answer();
  await one;
  expect(waitingOf(set)).toMatchObject({ inFlight: 0 });
  // And one who leaves in the middle of a call gives its place back.
  const cut = new AbortController();
  const second = ask(set, OPENAI, 'normal', { signal: cut.signal }).catch(() => 'left');
  await eventually(() => busy.held === 1);
  cut.abort();
  await second;
  await eventually(() => waitingOf(set)?.inFlight === 0);
});

test('a wait that would outlast the deadline is refused at its end, not later', async () => {
  const busy = slow();
  const set = await open(busy.behaviour, { provider: { concurrency: { adaptive: false, max: 1 } } });
  const one = ask(set, OPENAI);
  await eventually(() => busy.held === 1);
  const late = await ask(set, OPENAI, undefined, { headers: { 'x-midwatch-deadline-ms': '150' } });
  expect(late.status).toBe(429);
  busy.answer();
  await one;
});

test('failures give their places back: a hundred of them leave none taken', async () => {
  const set = await open(
    ({ write }) => write(whole(500, ANTHROPIC.json, OPENAI.error('server_error', 'on fire'))),
    { provider: { concurrency: { max: 4 } } },
  );
  await Promise.all(Array.from({ length: 100 }, async () => (await ask(set, OPENAI)).text()));
  expect(waitingOf(set)).toMatchObject({ inFlight: 0, waiting: { interactive: 0, normal: 0, batch: 0 } });
});
