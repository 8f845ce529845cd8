import { describe, expect, test } from 'bun:test';
import { OUTCOMES, type Outcome } from '#contracts';
import { type Given, judge } from './judge.ts';

const given = (more: Partial<Given>): Given => ({
  status: 200,
  headers: {},
  outcome: 'complete',
  broken: false,
  body: new TextEncoder().encode('{}'),
  ...more,
});

describe('behind a 200', () => {
  const STATES: Readonly<Record<Outcome, string>> = {
    complete: 'succeeded',
    tool: 'succeeded',
    stop: 'succeeded',
    length: 'truncated',
    context_overflow: 'truncated',
    refusal: 'refused',
    content_filter: 'refused',
    invalid: 'invalid',
    stalled: 'failed',
    cut: 'failed',
    error: 'failed',
    cancelled: 'failed',
  };
  for (const outcome of OUTCOMES)
    test(`${outcome} is ${STATES[outcome]}, and never asked again`, () => {
      expect(judge(given({ outcome }))).toMatchObject({
        kind: 'over',
        end: { state: STATES[outcome], outcome },
      });
    });

  test('from another tier than intended it is degraded, unless it is no good end', () => {
    const headers = { 'x-midwatch-degraded': 'fallback' };
    expect(judge(given({ headers }))).toMatchObject({ end: { state: 'degraded' } });
    expect(judge(given({ headers, outcome: 'length' }))).toMatchObject({ end: { state: 'truncated' } });
  });
});

describe('tried again', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504])
    test(`${status}`, () => {
      expect(judge(given({ status }))).toMatchObject({ kind: 'again', end: { state: 'failed', status } });
    });
  for (const status of [400, 401, 402, 403, 404, 413, 422])
    test(`not ${status}`, () => {
      expect(judge(given({ status })).kind).toBe('over');
    });
  test('a stream that broke off, however it was going', () => {
    expect(judge(given({ broken: true }))).toMatchObject({
      kind: 'again',
      end: { state: 'failed', trouble: 'The answer broke off.' },
    });
  });
  test('after as long as somebody asked for', () => {
    expect(judge(given({ status: 429, headers: { 'retry-after': '7' } }))).toMatchObject({ after: 7_000 });
    expect(judge(given({ status: 429, headers: { 'retry-after': 'soon' } }))).not.toHaveProperty('after');
  });
});

test('the error of the answer is told, and a body that is none does no harm', () => {
  const body = new TextEncoder().encode('{"error":{"message":"Add a model."}}');
  expect(judge(given({ status: 400, body }))).toMatchObject({ end: { trouble: 'Add a model.' } });
  const page = new TextEncoder().encode('<html>');
  expect(judge(given({ status: 400, body: page }))).toMatchObject({
    end: { trouble: 'The call failed with status 400.' },
  });
});
