import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('empty-success', ({ end, status, body }) => {
  expect({ end, status, body }).toEqual({ end: 'clean', status: 200, body: '' });
});

conform('empty-success;kind=blank', ({ end, status, content, malformed, finish }) => {
  expect({ end, status, content, malformed }).toEqual({
    end: 'clean',
    status: 200,
    content: '',
    malformed: 0,
  });
  expect(finish).toBeDefined();
});
