import { expect, test } from 'bun:test';
import { parseConfig } from './parse.ts';

const file = (router: string, more = '') => `providers:
  up: { protocol: openai, baseUrl: 'http://127.0.0.1:1' }
routes:
  chat:
    tiers:
      - { name: large, targets: [{ provider: up }] }
      - { name: small, targets: [{ provider: up }] }
      - { name: canned, reply: Out of breath. }
    router: ${router}
${more}`;
const problems = (router: string, more?: string) => {
  const parsed = parseConfig(file(router, more), {});
  return parsed.ok ? [] : parsed.error;
};
const RULES = 'rules: [{ take: dear, tools: 1 }], expectedEscalation: 0.3';

test('a router in its shortest form', () => {
  const parsed = parseConfig(file(`{ cheap: small, dear: large, ${RULES} }`), {});
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  expect(parsed.value.routes.chat?.router).toMatchObject({
    otherwise: 'dear',
    holdback: 0.1,
    band: 0.05,
    tasks: 5_000,
    shadow: 0,
  });
});

test.each([
  [`{ cheap: smal, dear: large, ${RULES} }`, 'router.cheap', 'did you mean "small"'],
  [`{ cheap: canned, dear: large, ${RULES} }`, 'router.cheap', 'canned reply'],
  [`{ cheap: large, dear: small, ${RULES} }`, 'router.cheap', 'put the dear tier first'],
  [`{ cheap: small, dear: small, ${RULES} }`, 'router.cheap', 'the same'],
  ['{ cheap: small, dear: large, expectedEscalation: 0.3 }', 'router', 'a `classifier`'],
  [
    '{ cheap: small, dear: large, expectedEscalation: 0.3, rules: [{ take: dear }] }',
    'router.rules[0]',
    '`otherwise`',
  ],
  [
    '{ cheap: small, dear: large, expectedEscalation: 0.3, rules: [{ take: dear, tool: 1 }] }',
    'router.rules[0].tool',
    'did you mean "tools"',
  ],
  [`{ cheap: small, dear: large, holdback: 0.5, ${RULES} }`, 'router.holdback', ''],
  [
    '{ cheap: small, dear: large, expectedEscalation: 0.3, classifier: { url: nowhere } }',
    'router.classifier.url',
    '',
  ],
])('%s is refused with a remedy', (router, path, message) => {
  const [first] = problems(router);
  expect(first?.path).toBe(`routes.chat.${path}`);
  expect(first?.message).toContain(message);
});

test('a route ramps or is routed, not both', () => {
  const [first] = problems(
    `{ cheap: small, dear: large, ${RULES} }`,
    '    ramp: { to: small, stages: [[5]], harm: 1 }',
  );
  expect(first).toMatchObject({ path: 'routes.chat.router', message: expect.stringContaining('not both') });
});
