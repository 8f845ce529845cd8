import { afterAll, beforeAll, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { systemClock } from '#kernel';
import { type RedisServer, startRedis } from '#ledger/testing';
import { type Board, createBoard } from './board.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Waits for a fact, not for a time. */
async function until(is: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !is(); await Bun.sleep(10))
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
}

/** A replica that knows facts by name, tells new ones and keeps what it hears. */
function replica(name: string, prefix: string) {
  const knows = new Set<string>();
  const told = new Set<string>();
  const events: string[] = [];
  const board: Board = createBoard({
    url: redis.url,
    prefix,
    replica: name,
    clock: systemClock(),
    log: (_, event) => events.push(event),
    news(all) {
      const fresh = [...knows].filter((fact) => all || !told.has(fact));
      for (const fact of fresh) told.add(fact);
      return fresh.length > 0 ? fresh : undefined;
    },
    heard(news) {
      for (const fact of news as readonly string[]) {
        knows.add(fact);
        told.add(fact);
      }
    },
  });
  const sees = (fact: string) => until(() => knows.has(fact), `${name} to know ${fact}`);
  return { knows, events, board, sees };
}

test('news go round, and who comes late is told what he missed', async () => {
  const a = replica('a', 'late');
  const b = replica('b', 'late');
  a.knows.add('x is down');
  await b.sees('x is down');
  const c = replica('c', 'late');
  await c.sees('x is down');
  c.knows.add('y is full');
  await a.sees('y is full');
  await b.sees('y is full');
  await until(() => a.board.state().peers.length === 2, 'a to count both');
  expect(a.board.state()).toMatchObject({ replica: 'a', state: 'up', peers: ['b', 'c'] });
  for (const { board } of [a, b, c]) await board.stop();
});

test('Redis killed and back with nothing in it: each goes on alone, then they find together again', async () => {
  const a = replica('a', 'killed');
  const b = replica('b', 'killed');
  a.knows.add('before');
  await b.sees('before');
  await redis.restart();
  await until(() => a.events.includes('replicas.away'), 'a to notice');
  a.knows.add('meanwhile');
  await b.sees('meanwhile');
  const late = replica('late', 'killed');
  // Said again by those who knew it, since Redis has forgotten it.
  await late.sees('before');
  expect(a.events).toEqual(['replicas.up', 'replicas.away', 'replicas.up']);
  for (const { board } of [a, b, late]) await board.stop();
});

test('a Redis that hangs is away, not waited for; stopping meanwhile ends at once', async () => {
  const a = replica('a', 'hung');
  const b = replica('b', 'hung');
  a.knows.add('before');
  await b.sees('before');
  process.kill(redis.pid, 'SIGSTOP');
  try {
    await until(() => a.board.state().state === 'away', 'a to notice');
    expect(a.board.state().trouble).toContain('in time');
    await b.board.stop();
  } finally {
    process.kill(redis.pid, 'SIGCONT');
  }
  a.knows.add('after');
  await until(() => a.board.state().state === 'up', 'a to be back');
  const c = replica('c', 'hung');
  await c.sees('after');
  await a.board.stop();
  await c.board.stop();
});

test('a Redis that can be read and not written is away for who speaks, and he is heard when it can', async () => {
  const a = replica('a', 'mute');
  const b = replica('b', 'mute');
  a.knows.add('before');
  await b.sees('before');
  const operator = new RedisClient(redis.url);
  await operator.send('CONFIG', ['SET', 'maxmemory', '1']);
  a.knows.add('meanwhile');
  await until(() => a.board.state().state === 'away', 'a to notice');
  expect(a.board.state().trouble).toContain('OOM');
  await operator.send('CONFIG', ['SET', 'maxmemory', '0']);
  await b.sees('meanwhile');
  await until(() => a.board.state().state === 'up', 'a to be at ease');
  expect(a.events).toEqual(['replicas.up', 'replicas.mute', 'replicas.speaks']);
  operator.close();
  for (const { board } of [a, b]) await board.stop();
});

test('words of another version are passed over', async () => {
  const a = replica('a', 'words');
  const stranger = new Bun.RedisClient(redis.url);
  for (const said of ['no JSON', '7', '{"from":1}'])
    await stranger.send('XADD', ['words:news', '*', 'said', said]);
  const b = replica('b', 'words');
  b.knows.add('plain');
  await a.sees('plain');
  stranger.close();
  await a.board.stop();
  await b.board.stop();
});

test('a start without Redis is one alone, and says so', async () => {
  const events: string[] = [];
  const board = createBoard({
    // Nobody listens on the discard port.
    url: 'redis://127.0.0.1:9',
    replica: 'a',
    clock: systemClock(),
    log: (_, event) => events.push(event),
    news: () => ['never said'],
    heard: () => undefined,
  });
  expect(board.state().state).toBe('connecting');
  await until(() => board.state().state === 'away', 'it to be known that there is none');
  await board.stop();
  expect(events).toEqual(['replicas.away']);
});
