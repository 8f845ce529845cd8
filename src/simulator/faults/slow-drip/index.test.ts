import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('slow-drip;gap=1;bytes=40', ({ end, content, reads, endAt, ledger }, { over }) => {
  expect({ end, content }).toEqual({ end: 'clean', content: SAID });
  expect(ledger.total.tokens.output).toBe(8);
  if (over === 'process') {
    expect(reads.slice(0, 40)).toEqual(Array.from({ length: 40 }, () => 1));
    expect(endAt).toBe(40);
  }
});
