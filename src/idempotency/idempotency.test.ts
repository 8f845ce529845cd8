import { beforeEach, describe, expect, test } from 'bun:test';
import type { Fields, Handler, Incoming, Outgoing } from '#contracts';
import { type VirtualClock, virtualClock } from '#kernel';
import { createIdempotency, type Idempotency, type IdempotencySettings } from './index.ts';
import { chat } from './testing.ts';

/** A caller: hears an answer, as slowly as told. */
class Ear implements Outgoing {
  onLeft: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  status = 0;
  headers: Fields = {};
  text = '';
  ending: 'open' | 'sent' | 'ended' | 'broken' = 'open';
  slow = false;
  send(status: number, headers: Fields, body: Uint8Array | string) {
    this.begin(status, headers);
    this.write(body);
    this.ending = 'sent';
  }
  begin(status: number, headers: Fields) {
    this.status = status;
    this.headers = headers;
  }
  write(bytes: Uint8Array | string) {
    this.text += typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    return !this.slow;
  }
  end() {
    this.ending = 'ended';
  }
  break() {
    this.ending = 'broken';
  }
  leave() {
    this.onLeft?.();
  }
  get told() {
    return this.headers['x-midwatch-idempotent'];
  }
}

/** One call that reached the data plane. */
interface Reached {
  readonly incoming: Incoming;
  readonly out: Outgoing;
  left: boolean;
}

let clock: VirtualClock;
let reached: Reached[];
let house: Idempotency;
let settings: IdempotencySettings = { keep: 600_000, memory: 1_000_000, linger: 3_000, whenAway: 'local' };

const inner: Handler = (incoming, out) => () => {
  const call: Reached = { incoming, out, left: false };
  out.onLeft = () => {
    call.left = true;
  };
  reached.push(call);
};

beforeEach(() => {
  clock = virtualClock();
  reached = [];
  settings = { keep: 600_000, memory: 1_000_000, linger: 3_000, whenAway: 'local' };
  house = createIdempotency({
    clock,
    protocols: [chat],
    settings: () => settings,
    caller: ({ headers }) => headers.authorization,
    handler: inner,
  });
});

const ask = (headers: Fields = {}, body = '{"q":1}', path = '/v1/chat/completions'): Ear => {
  const ear = new Ear();
  const head = { authorization: 'a', 'idempotency-key': 'k', ...headers };
  const peer = { address: '127.0.0.1', loopback: true };
  house.handle(
    { method: 'POST', path, query: '', headers: head, peer },
    ear,
  )?.(new TextEncoder().encode(body));
  return ear;
};
const good = { 'content-type': 'application/json', 'x-midwatch-outcome': 'complete' };

describe('one question', () => {
  test('is asked once, for those who wait and for those who come later', () => {
    const first = ask();
    const second = ask();
    expect(reached).toHaveLength(1);
    reached[0]?.out.send(200, good, 'answer');
    const third = ask();
    expect([first, second, third].map((e) => [e.text, e.status, e.told])).toEqual([
      ['answer', 200, undefined],
      ['answer', 200, 'coalesced'],
      ['answer', 200, 'replayed'],
    ]);
    expect(reached).toHaveLength(1);
    expect(house.stats()).toMatchObject({ led: 1, coalesced: 1, replayed: 1, kept: 1, running: 0 });
  });

  test('is another one from another caller, on another path, with another key or as another sample', () => {
    ask();
    ask({ authorization: 'b' });
    ask({ 'idempotency-key': 'other' });
    ask({ 'x-midwatch-resample': '1' });
    ask({ 'x-midwatch-resample': '2' });
    expect(reached.map((r) => r.incoming.headers['idempotency-key'])).toEqual([
      'k',
      'k',
      'other',
      'k-resample-1',
      'k-resample-2',
    ]);
    ask({ 'x-midwatch-resample': '2' });
    expect(reached).toHaveLength(5);
  });

  test('with other bytes, another route or another tenant is a conflict, while it runs and afterwards', () => {
    ask();
    const during = ask({}, '{"q":2}');
    reached[0]?.out.send(200, good, 'answer');
    const after = [ask({}, '{"q":2}'), ask({ 'x-midwatch-route': 'r' }), ask({ 'x-midwatch-tenant': 't' })];
    for (const ear of [during, ...after]) {
      expect(ear.status).toBe(422);
      expect(ear.text).toContain('Send a new key');
    }
    expect(reached).toHaveLength(1);
  });

  test('without a key, or from a stranger, goes straight through', () => {
    const none = new Ear();
    const peer = { address: '127.0.0.1', loopback: true };
    const seen: Outgoing[] = [];
    const through = createIdempotency({
      clock,
      protocols: [chat],
      settings: () => settings,
      caller: () => undefined,
      handler: (_, out) => void seen.push(out),
    });
    const head = { method: 'POST', path: '/v1/chat/completions', query: '', peer };
    through.handle({ ...head, headers: {} }, none);
    through.handle({ ...head, headers: { 'idempotency-key': 'k' } }, none);
    expect(seen).toEqual([none, none]);
  });

  test('with a key or a sample nobody can use is refused before it is asked', () => {
    expect(ask({ 'idempotency-key': 'x'.repeat(256) }).status).toBe(400);
    expect(ask({ 'x-midwatch-resample': 'again' }).text).toContain('whole number');
    expect(reached).toHaveLength(0);
  });
});

describe('an answer', () => {
  const again = (status: number, headers: Fields) => {
    ask();
    reached.at(-1)?.out.send(status, headers, 'x');
    ask();
    return reached.length;
  };

  test('that came to its end is kept, also a truncated one: another is another sample', () => {
    expect(again(200, { 'x-midwatch-outcome': 'length' })).toBe(1);
  });
  test('that failed is asked anew', () => {
    expect(again(503, { 'x-midwatch-outcome': 'error', 'x-midwatch-attempts': '2' })).toBe(2);
    expect(again(200, { 'x-midwatch-outcome': 'invalid' })).toBe(3);
  });
  test('that refuses the question is kept when a provider said so, not when it was our own', () => {
    expect(again(400, { 'x-midwatch-outcome': 'context_overflow', 'x-midwatch-attempts': '1' })).toBe(1);
  });
  test('of our own costs nothing and is not kept', () => {
    expect(again(400, { 'x-midwatch-outcome': 'error', 'x-midwatch-attempts': '0' })).toBe(2);
  });

  test('is forgotten after its time', async () => {
    expect(again(200, good)).toBe(1);
    await clock.advance(600_001);
    expect(house.stats()).toMatchObject({ kept: 0, bytes: 0 });
    ask();
    expect(reached).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test('makes room for later ones, oldest first, and is not kept when larger than all room', () => {
    settings = { ...settings, memory: 10_000 };
    for (const key of ['a', 'b', 'c']) {
      ask({ 'idempotency-key': key });
      reached.at(-1)?.out.send(200, good, 'x'.repeat(3_000));
    }
    expect(house.stats()).toMatchObject({ kept: 2 });
    expect(house.stats().bytes).toBeLessThanOrEqual(10_000);
    ask({ 'idempotency-key': 'a' });
    expect(reached).toHaveLength(4);
    reached.at(-1)?.out.send(200, good, 'y'.repeat(20_000));
    ask({ 'idempotency-key': 'a' });
    expect(reached).toHaveLength(5);
  });
});

describe('a stream', () => {
  const piece = (text: string) => `data: ${text}\n\n`;
  const end = piece('[DONE]');

  test('reaches each follower from its start, and is replayed byte for byte', () => {
    const first = ask();
    const { out } = reached[0] as Reached;
    out.begin(200, { 'content-type': 'text/event-stream' });
    out.write(piece('one'));
    const second = ask();
    out.write(piece('two'));
    out.write(end);
    out.end();
    const third = ask();
    const whole = piece('one') + piece('two') + end;
    expect([first, second, third].map((e) => [e.text, e.ending])).toEqual(Array(3).fill([whole, 'ended']));
    expect(reached).toHaveLength(1);
    expect(house.stats().bytes).toBeGreaterThan(0);
  });

  test('that breaks, breaks for all and is asked anew', () => {
    const ears = [ask(), ask()];
    const { out } = reached[0] as Reached;
    out.begin(200, {});
    out.write(piece('one'));
    out.break();
    expect(ears.map((e) => [e.text, e.ending])).toEqual(Array(2).fill([piece('one'), 'broken']));
    ask();
    expect(reached).toHaveLength(2);
  });

  test('that ends without a reason is not kept', () => {
    ask();
    reached[0]?.out.begin(200, {});
    reached[0]?.out.end();
    ask();
    expect(reached).toHaveLength(2);
  });

  test('is held up by nobody as long as it is held, and by the slowest after that', () => {
    settings = { ...settings, memory: 1_000 };
    const [quick, slow] = [ask(), ask()];
    slow.slow = true;
    const { out } = reached[0] as Reached;
    let drained = 0;
    out.onDrain = () => drained++;
    out.begin(200, {});
    expect(out.write(piece('one'))).toBe(true);
    expect(out.write('x'.repeat(2_000))).toBe(false);
    expect(quick.text).toHaveLength(2_011);
    expect(slow.text).toBe(piece('one'));
    // Nobody can be given its beginning any more.
    expect(ask().status).toBe(409);
    slow.slow = false;
    slow.onDrain?.();
    expect(drained).toBe(1);
    out.write(end);
    out.end();
    expect(slow.text).toBe(quick.text);
    expect([slow.ending, quick.ending]).toEqual(['ended', 'ended']);
    expect(house.stats()).toMatchObject({ bytes: 0, kept: 0, running: 0 });
  });

  test('waits while nobody reads', () => {
    const only = ask();
    only.slow = true;
    const { out } = reached[0] as Reached;
    out.begin(200, {});
    expect(out.write(piece('one'))).toBe(false);
    let drained = 0;
    out.onDrain = () => drained++;
    only.slow = false;
    only.onDrain?.();
    expect(drained).toBe(1);
  });
});

describe('a caller who leaves', () => {
  test('does not end what others wait for', async () => {
    const [first, second] = [ask(), ask()];
    first.leave();
    await clock.advance(10_000);
    expect(reached[0]?.left).toBe(false);
    reached[0]?.out.send(200, good, 'answer');
    expect(second.text).toBe('answer');
    expect(first.text).toBe('');
  });

  test('as the last one ends the call, but not before a retry had time to come', async () => {
    ask().leave();
    await clock.advance(2_000);
    const retry = ask();
    await clock.advance(10_000);
    expect(reached[0]?.left).toBe(false);
    retry.leave();
    await clock.advance(3_001);
    expect(reached[0]?.left).toBe(true);
    ask();
    expect(reached).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test('finds the answer that came meanwhile', async () => {
    ask().leave();
    reached[0]?.out.send(200, good, 'answer');
    expect(ask().text).toBe('answer');
    await clock.advance(10_000);
    expect(reached[0]?.left).toBe(false);
  });
});
