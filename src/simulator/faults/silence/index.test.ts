import { expect } from 'bun:test';
import { conform } from '../../testing/conform.ts';

conform('silence', ({ end, status, body }) => {
  expect({ end, status, body }).toEqual({ end: 'hung', status: undefined, body: '' });
});
