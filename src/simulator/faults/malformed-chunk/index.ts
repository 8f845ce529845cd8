import { z } from 'zod';
import type { Part, Script } from '../../script.ts';
import { defineFault } from '../define.ts';
import { count } from '../params.ts';
import { bodyText, withBody } from '../parts.ts';

const HTML =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

export const fault = defineFault({
  name: 'malformed-chunk',
  version: 1,
  summary: 'Sends something that is no valid event (or no valid JSON) under status 200, then goes on.',
  main: 'kind',
  params: z.strictObject({
    kind: z
      .enum(['json', 'html', 'oversize'])
      .default('json')
      .describe(
        'Broken JSON, an HTML page, or one event of `size` bytes. A unary body is broken JSON or HTML.',
      ),
    after: count.default(3).describe('Tokens that arrive first.'),
    size: count.default(2 * 1024 * 1024).describe('Of an oversized event, in bytes.'),
  }),
  effects: ({ kind, after, size }) => ({
    script: (script, { stream }) => {
      if (stream) return { ...script, parts: broken(script, after, garbage(kind, size)) };
      const body = bodyText(script);
      return withBody(script, kind === 'html' ? HTML : body.slice(0, Math.floor(body.length / 2)));
    },
  }),
});

function garbage(kind: 'json' | 'html' | 'oversize', size: number): string {
  if (kind === 'html') return HTML;
  if (kind === 'oversize') return `data: {"padding":"${'x'.repeat(size)}"}\n\n`;
  return 'data: {"id":"chunk","choices":[{"index":0,"delta":{"cont\n\n';
}

function* broken(script: Script, after: number, data: string): Generator<Part> {
  let seen = 0;
  let done = false;
  for (const part of script.parts) {
    if (!done && (part.role === 'finish' || (part.role === 'token' && seen++ >= after))) {
      done = true;
      yield { after: part.after, data, role: 'noise' };
    }
    yield part;
  }
}
