import { expect, test } from 'bun:test';
import type { Handler, Incoming, Outgoing } from '#contracts';
import { type CarriedBack, type CarriedThere, carriedTo, carrier } from './carry.ts';

/** Two ends with a wire between them that copies, as threads do, and carries when it is told to. */
function wired(handler: Handler) {
  const there: CarriedThere[] = [];
  const back: CarriedBack[] = [];
  const near = carrier((message) => there.push(structuredClone(message)));
  const far = carriedTo(handler, (message) => back.push(structuredClone(message)));
  const pump = () => {
    while (there.length + back.length > 0) {
      for (const message of there.splice(0)) far.there(message);
      for (const message of back.splice(0)) near.back(message);
    }
  };
  return { near, far, pump };
}

const incoming: Incoming = {
  method: 'POST',
  path: '/v1/runs',
  query: 'a=b',
  headers: { host: 'here' },
  peer: { address: '10.0.0.1', loopback: false },
};

/** A caller that takes what it is given as long as it is willing. */
function caller() {
  const got: (string | number)[] = [];
  const out: Outgoing & { got: typeof got; willing: boolean } = {
    got,
    willing: true,
    onLeft: undefined,
    onDrain: undefined,
    send: (status, _, body) => void got.push(status, String(body)),
    begin: (status) => void got.push(status),
    write(bytes) {
      got.push(String(bytes));
      return out.willing;
    },
    end: () => void got.push('end'),
    break: () => void got.push('break'),
  };
  return out;
}

test('a call is answered elsewhere as if it had come in there', () => {
  const seen: unknown[] = [];
  const { near, pump } = wired((asked, outgoing) => {
    seen.push(asked);
    return (body) => outgoing.send(201, { a: 'b' }, `got ${body}`);
  });
  const one = caller();
  const take = near.handle(incoming, one);
  pump();
  take?.(Buffer.from('hello') as unknown as 'broken');
  pump();
  expect(seen).toEqual([incoming]);
  expect(one.got[0]).toBe(201);
  expect(one.onLeft).toBeUndefined();
});

test('an answer given at the head needs no body, and what comes later is for nobody', () => {
  const { near, pump } = wired((_, outgoing) => void outgoing.send(401, {}, 'no'));
  const one = caller();
  const take = near.handle(incoming, one);
  pump();
  take?.('broken');
  pump();
  expect(one.got).toEqual([401, 'no']);
});

test('a stream keeps its order and its end; a broken one is broken here, too', () => {
  for (const over of ['end', 'break'] as const) {
    const { near, pump } = wired((_, outgoing) => {
      outgoing.begin(200, {});
      outgoing.write('a');
      outgoing.write('b');
      outgoing[over]();
      return undefined;
    });
    const one = caller();
    near.handle(incoming, one);
    pump();
    expect(one.got).toEqual([200, 'a', 'b', over]);
  }
});

test('a caller that does not take what it is sent makes the writer wait, and no longer than that', () => {
  let writer: Outgoing | undefined;
  let drained = 0;
  const { near, pump } = wired((_, outgoing) => {
    writer = outgoing;
    outgoing.onDrain = () => drained++;
    outgoing.begin(200, {});
    return undefined;
  });
  const one = caller();
  near.handle(incoming, one);
  pump();
  one.willing = false;
  const part = 'x'.repeat(100_000);
  let written = 0;
  while (writer?.write(part)) {
    pump();
    written++;
  }
  expect(written).toBe(2);
  pump();
  expect(drained).toBe(0);
  one.onDrain?.();
  pump();
  expect(drained).toBe(1);
  expect(writer?.write('y')).toBe(true);
});

test('whoever leaves is known where his answer is made; a thread that ends takes all its callers along', () => {
  let left = 0;
  const { near, far, pump } = wired((_, outgoing) => {
    outgoing.onLeft = () => left++;
    outgoing.begin(200, {});
    return undefined;
  });
  const [one, two, three] = [caller(), caller(), caller()];
  for (const each of [one, two, three]) near.handle(incoming, each);
  pump();
  one.onLeft?.();
  pump();
  expect(left).toBe(1);
  far.gone();
  expect(left).toBe(3);
});
