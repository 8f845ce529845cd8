import { expect, test } from 'bun:test';
import { parseConfig } from './parse.ts';

const NOW = Date.UTC(2026, 5, 1);
const file = (policy: string) => `providers:
  up: { protocol: openai, baseUrl: 'http://127.0.0.1:1' }
routes:
  chat:
    tiers:
      - { name: primary, targets: [{ provider: up }] }
      - { name: small, targets: [{ provider: up }] }
      - { name: canned, reply: Out of breath. }
${policy
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}`;
const rule = (more: string) =>
  `{ id: r, from: primary, to: small, owner: ana, reason: flag, maxShare: 5 %, expiresAt: 2026-07-01${more} }`;
const problems = (policy: string, now?: number) => {
  const parsed = parseConfig(file(policy), {}, now);
  return parsed.ok ? [] : parsed.error;
};

test('a mix in its short and its long form, a rule with its defaults', () => {
  const parsed = parseConfig(
    file(
      `mix: { primary: { target: 99.5 %, floor: 0.98, owner: ana }, canned: "<= 1 %", small: ">=0.001" }\ndemotions:\n  - ${rule(', when: { feature: [a, b], lane: batch }')}`,
    ),
    {},
    NOW,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const { mix, demotions } = parsed.value.routes.chat!;
  expect(mix).toEqual({
    primary: { target: 0.995, floor: 0.98, owner: 'ana' },
    canned: { ceiling: 0.01 },
    small: { floor: 0.001 },
  });
  expect(demotions).toEqual([
    {
      id: 'r',
      from: 'primary',
      to: 'small',
      owner: 'ana',
      reason: 'flag',
      maxShare: 0.05,
      expiresAt: Date.UTC(2026, 6, 1),
      onExpire: 'restore',
      when: { feature: ['a', 'b'], lane: ['batch'] },
    },
  ]);
});

test.each([
  ['mix: { primry: ">= 0.9" }', 'mix.primry', 'did you mean "primary"'],
  ['mix: { primary: "> 0.9" }', 'mix.primary', 'write a bound'],
  ['mix: { primary: ">= 98" }', 'mix.primary', 'above 1'],
  ['mix: { primary: { flor: 0.9 } }', 'mix.primary.flor', 'did you mean "floor"'],
  ['mix: { primary: { floor: 0.9, ceiling: 0.5 } }', 'mix.primary', 'above ceiling'],
  ['mix: { primary: ">= 0.9", small: ">= 0.2" }', 'mix', 'add up to 1.1'],
  [
    'demotions: [{ id: r, from: primary, to: small, reason: flag, maxShare: 0.1, expiresAt: 2026-07-01 }]',
    'demotions[0].owner',
    'name whoever answers',
  ],
  [
    `demotions: [${rule(', maxShare: 0').replace('maxShare: 5 %, ', '')}]`,
    'demotions[0].maxShare',
    'leave it out',
  ],
  [`demotions: [${rule('').replace('2026-07-01', 'soon')}]`, 'demotions[0].expiresAt', 'write a day'],
  [`demotions: [${rule('').replace('to: small', 'to: smal')}]`, 'demotions[0].to', 'did you mean "small"'],
  [`demotions: [${rule('').replace('from: primary', 'from: canned')}]`, 'demotions[0].to', 'not below'],
  [`demotions: [${rule('')}, ${rule('')}]`, 'demotions[1].id', 'two rules'],
  [
    `demotions: [${rule(', approval: { by: b, until: 2026-08-01 }')}]`,
    'demotions[0].approval',
    'extend-with',
  ],
  [`demotions: [${rule(', when: { featur: x }')}]`, 'demotions[0].when.featur', 'did you mean "feature"'],
  ['timeouts: { stall: 5 }', 'timeouts.stall', 'add `takeover: {}`'],
  [`demotions: [${rule(', when: { lane: hasty }')}]`, 'demotions[0].when.lane', ''],
])('%j is refused at its line with a remedy', (policy, path, message) => {
  const [first] = problems(policy);
  expect(first?.line).toBe(9);
  expect(first?.path).toBe(`routes.chat.${path}`);
  expect(first?.message).toContain(message);
});

test('what has expired is told to whoever checks, with its owner, and never keeps a gateway from starting', () => {
  const expired = `demotions:\n  - ${rule('').replace('2026-07', '2026-05')}`;
  expect(problems(expired)).toEqual([]);
  expect(problems(expired, NOW)).toEqual([
    {
      line: 10,
      path: 'routes.chat.demotions[0].expiresAt',
      message: expect.stringMatching(/expired on 2026-05-01.*does nothing any more; ask ana/),
    },
  ]);
  const approved = rule(', onExpire: extend-with-approval, approval: { by: b, until: 2026-06-02 }').replace(
    '2026-07',
    '2026-05',
  );
  expect(problems(`demotions:\n  - ${approved}`, NOW)).toEqual([]);
  expect(problems(`demotions:\n  - ${approved}`, NOW + 2 * 86_400_000)).toHaveLength(1);
});

test('a proof is asked of a fallback, not of a first tier or a canned one', () => {
  const told = (tiers: string) => {
    const parsed = parseConfig(
      `providers:\n  up: { protocol: openai, baseUrl: 'http://127.0.0.1:1' }\nroutes:\n  chat:\n    tiers:\n${tiers}`,
      {},
    );
    return parsed.ok ? [] : parsed.error.map(({ path, line, message }) => `${path}@${line}: ${message}`);
  };
  const first = '      - { name: primary, minProof: PROBED, targets: [{ provider: up }] }\n';
  const spare = '      - { name: spare, targets: [{ provider: up }] }\n';
  const canned = '      - { name: canned, minProof: EXERCISED, reply: Out of breath. }\n';
  expect(told(first)).toEqual([expect.stringContaining('this route has none')]);
  expect(told(first + spare)).toEqual([expect.stringContaining('move minProof to "spare"')]);
  expect(told(first.replace('minProof: PROBED, ', '') + canned)).toEqual([
    expect.stringMatching(/^routes\.chat\.tiers\[1\]\.minProof@7: tier "canned" is a canned reply/),
  ]);
});
