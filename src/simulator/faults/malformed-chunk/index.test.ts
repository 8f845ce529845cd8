import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('malformed-chunk;after=3', ({ end, malformed, content, done }, { stream }) => {
  expect({ end, malformed }).toEqual({ end: 'clean', malformed: 1 });
  expect({ content, done }).toEqual(stream ? { content: SAID, done: true } : { content: '', done: false });
});

conform('malformed-chunk;kind=html', ({ status, body, malformed }) => {
  expect(status).toBe(200);
  expect(body).toContain('<h1>502 Bad Gateway</h1>');
  expect(malformed).toBe(1);
});

conform('malformed-chunk;kind=oversize;size=300000', ({ end, body }, { stream }) => {
  expect(end).toBe('clean');
  if (stream) expect(body.length).toBeGreaterThan(300_000);
});
