import { expect, test } from 'bun:test';
import { hourOf } from './load.ts';

test.each([
  ['9am', 9],
  ['9 AM', 9],
  ['12am', 0],
  ['12pm', 12],
  ['14:00', 14],
  ['0', 0],
  ['tue 9am', 33],
  ['Sunday 23:00', 167],
])('%s is hour %i of the week', (text, hour) => expect(hourOf(text)).toBe(hour));

test.each(['', '25', '13pm', '0am', 'noon', 'abc 9am', '9:30'])('%j is no hour', (text) =>
  expect(() => hourOf(text)).toThrow('say an hour'),
);
