import { expect, test } from 'bun:test';
import { readToken } from '../../data/filters.ts';
import { suggest } from './suggest.ts';

test('fields are offered until the colon, then values', () => {
  expect(suggest('', {}).length).toBe(15);
  expect(suggest('ou', {}).map((offer) => offer.text)).toEqual(['outcome:']);
  expect(suggest('outcome:c', {}).map((offer) => offer.text)).toEqual([
    'outcome:complete',
    'outcome:context_overflow',
    'outcome:content_filter',
    'outcome:cut',
    'outcome:cancelled',
  ]);
  expect(suggest('route:s', { route: ['support', 'chat', 'Summary'] }).map((offer) => offer.text)).toEqual([
    'route:support',
    'route:Summary',
  ]);
  expect(suggest('zzz', {})).toEqual([]);
});

test('every value that is offered is a filter', () => {
  for (const field of ['outcome', 'source', 'slower', 'dearer', 'attempts']) {
    for (const offer of suggest(`${field}:`, {})) expect(readToken(offer.text)).toBeDefined();
  }
});
