/**
 * The yardstick: the least a Bun program can do and still be a proxy. It reads nothing, keeps nothing and knows no key.
 * `bun bench/bare.ts PORT UPSTREAM_PORT`
 */
const [port, upstream] = process.argv.slice(2).map(Number);
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: port ?? 0,
  idleTimeout: 0,
  development: false,
  // Without a word Bun shares the port of a production server with whoever asks for it too.
  reusePort: false,
  async fetch(request) {
    const url = `http://127.0.0.1:${upstream}${request.url.slice(request.url.indexOf('/', 8))}`;
    // Whole, not as a stream: a third cheaper, and the yardstick has to be the best that can be done.
    return fetch(url, { method: request.method, headers: request.headers, body: await request.bytes() });
  },
});
console.log(`ready ${server.port}`);
