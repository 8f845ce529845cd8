import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('wrong-content-type', ({ headers, content, end }) => {
  expect(headers.get('content-type')).toBe('text/html');
  expect({ content, end }).toEqual({ content: SAID, end: 'clean' });
});
