/** A provider that answers whole, and can be told to fail; what it was asked it remembers. */
export interface Provider {
  readonly url: string;
  /** `performance.now()` of every call since the last `forget`. */
  readonly calls: readonly number[];
  down(is: boolean): void;
  forget(): void;
  stop(): void;
}

export function provider(): Provider {
  const calls: number[] = [];
  let isDown = false;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      await request.arrayBuffer();
      calls.push(performance.now());
      if (isDown) return Response.json({ error: { message: 'no capacity' } }, { status: 503 });
      return Response.json({
        id: 'c1',
        object: 'chat.completion',
        created: 1,
        model: 'm-1',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Aye.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    calls,
    down(is) {
      isDown = is;
    },
    forget() {
      calls.length = 0;
    },
    stop: () => void server.stop(true),
  };
}
