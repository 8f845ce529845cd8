import { expect, test } from 'bun:test';
import { parseConfig } from './parse.ts';

const file = (ramp: string) => `providers:
  up: { protocol: openai, baseUrl: 'http://127.0.0.1:1' }
routes:
  chat:
    tiers:
      - { name: primary, targets: [{ provider: up }] }
      - { name: next, targets: [{ provider: up }] }
      - { name: canned, reply: Out of breath. }
    ramp: ${ramp}`;
const problems = (ramp: string) => {
  const parsed = parseConfig(file(ramp), {});
  return parsed.ok ? [] : parsed.error;
};

test('a ramp in its shortest form', () => {
  const parsed = parseConfig(file('{ to: next, stages: [[5, 0], [100, 100]], harm: 20 }'), {});
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  expect(parsed.value.routes.chat?.ramp).toMatchObject({
    learn: 1_000,
    minimum: 60,
    alpha: 0.001,
    auto: false,
  });
});

test.each([
  ['{ to: nxt, stages: [[5]], harm: 1 }', 'ramp.to', 'did you mean "next"'],
  ['{ to: canned, stages: [[5]], harm: 1 }', 'ramp.to', 'canned reply'],
  ['{ to: primary, stages: [[5]], harm: 1 }', 'ramp.to', 'behind the old one'],
  ['{ to: next, stages: [[5, 0], [10]], harm: 1 }', 'ramp.stages[1]', 'the first stage has 2'],
  ['{ to: next, stages: [[50], [10]], harm: 1 }', 'ramp.stages[1][0]', 'below the 50'],
  ['{ to: next, stages: [[500]], harm: 1 }', 'ramp.stages[0][0]', 'percentage'],
  ['{ to: next, stages: [[5, 5, 5]], edges: [0.1], harm: 1 }', 'ramp.edges', '2 buckets'],
  ['{ to: next, stages: [[5, 5, 5]], edges: [0.2, 0.1], harm: 1 }', 'ramp.edges', 'rise'],
  ['{ to: next, stages: [[5, 5]], baseline: [0.1], harm: 1 }', 'ramp.baseline', '1 rates'],
  ['{ to: next, stages: [[5]] }', 'ramp.harm', ''],
  ['{ to: next, stages: [[5]], harm: 1, alow: [a] }', 'ramp.alow', 'did you mean "allow"'],
])('%s is refused with a remedy', (ramp, path, message) => {
  const [first] = problems(ramp);
  expect(first?.path).toBe(`routes.chat.${path}`);
  expect(first?.message).toContain(message);
});
