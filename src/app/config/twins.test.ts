import { expect, test } from 'bun:test';
import { parseConfig } from './parse.ts';

const config = (...matches: string[]) =>
  `providers: { sim: { kind: simulator } }
routes:
${matches.map((match, i) => `  r${i}: { ${match}tiers: [{ name: a, targets: [{ provider: sim }] }] }`).join('\n')}
`;
const problems = (text: string, now?: number) => {
  const parsed = parseConfig(text, {}, now);
  return parsed.ok ? [] : parsed.error;
};

test('a check tells which route an earlier one with the same match keeps from every ask, with its line', () => {
  const twins = config(
    'match: { model: m, feature: f }, ',
    'match: { model: m }, ',
    'match: { feature: f, model: m }, ',
  );
  expect(problems(twins, 1)).toEqual([
    { line: 5, path: 'routes.r2', message: expect.stringContaining('route "r0" above it') },
  ]);
  expect(problems(config('', ''), 1)).toHaveLength(1);
  expect(problems(config('', 'match: { model: "*" }, ', 'match: { protocol: openai }, '), 1)).toEqual([]);
});

test('a start is not refused over it: an ask may name the route', () => {
  expect(problems(config('', ''))).toEqual([]);
});
