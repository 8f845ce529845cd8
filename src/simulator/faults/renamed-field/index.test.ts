import { expect, test } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';
import { fault } from './index.ts';

// Prose has no fields.
conform('renamed-field', ({ content, end }) => {
  expect({ content, end }).toEqual({ content: SAID, end: 'clean' });
});

test('arguments and structured text get another name for their first field, and stay JSON', () => {
  const call = {
    kind: 'call',
    id: 'c',
    name: 'forecast',
    input: '{"city":"Ulm","days":3}',
    custom: false,
  } as const;
  const text = { kind: 'text', text: '{ "city": "Ulm" }' } as const;
  const reply = fault.inject({}).reply?.({ blocks: [call, text], finish: 'tool' });
  expect(reply?.blocks).toMatchObject([
    { input: '{"the_city":"Ulm","days":3}' },
    { text: '{ "the_city": "Ulm" }' },
  ]);
});
