import { expect, test } from 'bun:test';
import { ALONE, spelledOut } from './alone.ts';
import { createProgram } from './program.ts';

test('a noun alone says how it stands; help and verbs stay what they are', () => {
  expect(spelledOut(['tiers'])).toEqual(['tiers', 'report']);
  expect(spelledOut(['tiers', '--since', '7d'])).toEqual(['tiers', 'report', '--since', '7d']);
  for (const words of [
    [],
    ['tiers', '--help'],
    ['tiers', '-h'],
    ['tiers', 'report'],
    ['tiers', 'no'],
    ['up'],
  ])
    expect(spelledOut(words)).toEqual(words);
});

test('every noun has such a verb, but for what cannot begin without being told more', () => {
  const nouns = createProgram().commands.filter(({ commands }) => commands.length > 0);
  for (const noun of nouns.filter((one) => !['load', 'routes'].includes(one.name())))
    expect([noun.name(), noun.commands.map((verb) => verb.name())]).toEqual([
      noun.name(),
      expect.arrayContaining([ALONE[noun.name()] as string]),
    ]);
});
