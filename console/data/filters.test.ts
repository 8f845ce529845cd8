import { expect, test } from 'bun:test';
import { exchangeFilterSchema } from '@midwatch/contracts';
import {
  FILTER_FIELDS,
  filterTokens,
  parseSearch,
  readFilter,
  readToken,
  stringifySearch,
} from './filters.ts';

test('every filter of the contract can be set here', () => {
  const here = [...FILTER_FIELDS.map((field) => field.name), 'from', 'to'];
  expect(here.sort()).toEqual(Object.keys(exchangeFilterSchema.shape).sort() as typeof here);
});

test('a filter survives the way through the address', () => {
  const filter = {
    outcome: 'bad',
    route: 'künstler & co',
    slower: 2000,
    dearer: 1500,
    from: 1,
    to: 2,
  } as const;
  const read = readFilter(parseSearch(stringifySearch(filter)));
  expect(read).toEqual(filter);
  expect(exchangeFilterSchema.parse(read)).toEqual(filter);
});

test('what says nothing is dropped, never sent', () => {
  expect(readFilter({ route: '  ', slower: 'soon', attempts: '-1', nobody: 'x', from: 'NaN' })).toEqual({});
});

test('tokens of the box become filters in their units', () => {
  expect(['slower:2s', 'slower:1.5 s', 'slower:250', 'slower:1m'].map(readToken)).toEqual([
    { slower: 2000 },
    { slower: 1500 },
    { slower: 250 },
    { slower: 60_000 },
  ]);
  expect(['dearer:$0.01', 'dearer:2', 'attempts:2', 'model:a:b'].map(readToken)).toEqual([
    { dearer: 10_000 },
    { dearer: 2_000_000 },
    { attempts: 2 },
    { model: 'a:b' },
  ]);
  expect(['slower:soon', 'attempts:1.5', 'route:', 'what:x', 'plain'].map(readToken)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('chips read as they would be typed', () => {
  const tokens = filterTokens({ slower: 2500, dearer: 1500, outcome: 'cut', attempts: 2 });
  expect(tokens.map((token) => `${token.name}:${token.value}`)).toEqual([
    'outcome:cut',
    'slower:2.5s',
    'dearer:$0.0015',
    'attempts:2',
  ]);
  for (const token of tokens) expect(readToken(`${token.name}:${token.value}`)).toBeDefined();
});
