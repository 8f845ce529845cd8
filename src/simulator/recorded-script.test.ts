import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { systemClock, virtualClock } from '#kernel';
import { createSimulator, type RecordedScript } from './index.ts';

const HOST = 'http://simulator';
const encoded = (script: RecordedScript) => Buffer.from(JSON.stringify(script)).toString('base64');
const play = (base: string, script: RecordedScript) =>
  new Request(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-sim-script': encoded(script) },
    body: JSON.stringify({ model: 'sim-script', messages: [] }),
  });

test('any bytes in any chunks come out as they went in', async () => {
  const clock = virtualClock();
  const simulator = createSimulator({ clock });
  const chunk = fc.record({
    bytes: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    delayMs: fc.constantFrom(0, 5),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { maxLength: 8 }),
      fc.constantFrom('length', 'chunked'),
      async (chunks, framing) => {
        const response = await clock.run(simulator.fetch(play(HOST, { chunks, framing })));
        const got = Buffer.from(await clock.run(response.arrayBuffer()));
        expect(got.toString('hex')).toBe(
          Buffer.concat(chunks.map((c) => Buffer.from(c.bytes, 'base64'))).toString('hex'),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('over a socket too: status, headers, framing and ending are as written', async () => {
  const simulator = createSimulator({ clock: systemClock() });
  const server = simulator.listen({ port: 0 });
  try {
    const bytes = Buffer.from('data: {"unknown":1}\n\n: comment\n\nevent: odd\r\ndata: \xff\n\n', 'latin1');
    const chunks = [...bytes].map((byte) => ({ bytes: Buffer.from([byte]).toString('base64') }));
    const response = await fetch(
      play(server.url, {
        status: 207,
        headers: [
          ['x-odd', 'a'],
          ['content-type', 'text/x-odd'],
        ],
        chunks,
      }),
    );
    expect(response.status).toBe(207);
    expect(response.headers.get('x-odd')).toBe('a');
    expect(response.headers.get('content-type')).toBe('text/x-odd');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    const torn = await fetch(
      play(server.url, { chunks: [...chunks, { bytes: '', delayMs: 5 }], ending: 'reset' }),
    );
    await expect(torn.arrayBuffer()).rejects.toThrow();
  } finally {
    server.stop();
  }
});

test('a script that cannot be read is a clear 400', async () => {
  const clock = virtualClock();
  const simulator = createSimulator({ clock });
  const wrong = { chunks: [{ bytes: '***' }] };
  const response = await clock.run(simulator.fetch(play(HOST, wrong)));
  expect(response.status).toBe(400);
  expect(await clock.run(response.text())).toContain('x-sim-script');
});

test('a large script may stand in the body', async () => {
  const clock = virtualClock();
  const simulator = createSimulator({ clock });
  const bytes = Buffer.alloc(300_000, 'y').toString('base64');
  const request = new Request(`${HOST}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({ model: 'sim-script', sim_script: { chunks: [{ bytes }] } }),
  });
  const response = await clock.run(simulator.fetch(request));
  expect((await clock.run(response.text())).length).toBe(300_000);
});
