import { serveUpstream } from './http/upstream.ts';

/** The upstream as a process of its own: `bun bench/mock.ts PORT`. */
const { port } = serveUpstream({ port: Number(process.argv[2] ?? 0) });
console.log(`ready ${port}`);
