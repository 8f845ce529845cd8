import { expect, test } from 'bun:test';
import { answerEstimate } from './answers.ts';

const saw = (tokens: readonly number[], ms = 1_000) => {
  const answers = answerEstimate();
  for (const each of tokens) answers.saw('chat m', { tokens: each, ms, cached: 0 }, 0);
  return answers;
};
const times = (n: number, value: number): number[] => Array.from({ length: n }, () => value);

test('before any answer: a guess of its length, no time, and no idea of the longest', () => {
  const answers = answerEstimate();
  expect(answers.tokens('chat m')).toBe(500);
  expect(answers.tokens('chat m', 100)).toBe(100);
  expect(answers.ms('chat m')).toBe(0);
  expect(answers.longest('chat m')).toBeUndefined();
});

test('the mean is what a bucket is asked for, whatever maximum the caller names above it', () => {
  const answers = saw([100, 200, 300]);
  expect(answers.tokens('chat m')).toBe(200);
  expect(answers.tokens('chat m', 4_096)).toBe(200);
  expect(answers.tokens('other m')).toBe(500);
});

test('the longest needs two hundred answers, and forgets one that is a thousand answers old', () => {
  expect(saw(times(199, 10)).longest('chat m')).toBeUndefined();
  expect(saw([900, ...times(199, 10)]).longest('chat m')).toBe(900);
  expect(saw([900, ...times(600, 10)]).longest('chat m')).toBe(900);
  expect(saw([900, ...times(1_000, 10)]).longest('chat m')).toBe(10);
});

test('time is the mean and two deviations, so that an answer begun in time also ends in time', () => {
  expect(saw(times(10, 1), 2_000).ms('chat m')).toBeCloseTo(2_000);
  const answers = answerEstimate();
  for (let i = 0; i < 1_000; i++)
    answers.saw('chat m', { tokens: 1, ms: i % 2 === 0 ? 1_000 : 3_000, cached: 0 }, i);
  expect(answers.ms('chat m')).toBeCloseTo(4_000, -2);
});
