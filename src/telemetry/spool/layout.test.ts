import { expect, test } from 'bun:test';
import { SpoolBytes } from './bytes.ts';
import { readMeta, type SpoolMeta, writeMeta } from './meta.ts';

/** Every member is there, so that none can come or go unseen. */
const META = {
  facts: {
    id: '01a1fe34-510e-7000-bc6a-f7e8c4e5ab02',
    at: 1767225600123,
    kind: 'model',
    source: 'exercise',
    route: 'support',
    protocol: 'openai-chat',
    observed: { model: 'm-2026', fingerprint: 'fp_1', serviceTier: 'default', region: 'eu' },
    who: { key: 'key_1', tenant: 'acme', user: 'ada', feature: 'search', principal: 'p' },
    place: {
      thread: 'th',
      task: 'ta',
      run: 'ru',
      step: 'st',
      parent: '01a1fe34-510e-7000-bc6a-f7e8c4e5ab01',
      trace: 'tr',
      span: 'sp',
    },
    ask: {
      model: 'support',
      stream: true,
      structured: true,
      turns: 2,
      tools: 1,
      images: 3,
      audios: 4,
      choices: 5,
      maxOutput: 600,
      stops: 7,
      bytes: 890,
    },
    attempts: [
      {
        number: 1,
        cause: 'fallback',
        tier: 'spare',
        provider: 'anthropic',
        model: 'c',
        startedAt: 1767225600124,
        outcome: 'cut',
        status: 200,
        failure: { kind: 'cut', origin: 'provider', retryable: true, hint: 'h' },
        usage: {
          input: 1,
          cacheRead: 2,
          cacheWrite: 3,
          cacheWriteLong: 4,
          output: 5,
          reasoning: 6,
          audioIn: 7,
          audioOut: 8,
          imageIn: 9,
          imageOut: 10,
          basis: 'estimated',
        },
        cost: { microUsd: 11, state: 'estimated', priceVersion: 'v1', parts: { input: 12, output: 13 } },
        timing: { headers: 14, firstByte: 15, firstToken: 16, total: 17.5 },
        providerRequestId: 'req',
        translated: { to: 'anthropic-messages', losses: ['seed'] },
      },
    ],
    verdicts: [],
    tier: { intended: 'primary', served: 'spare', demotedBy: 'exercise', reason: 'flag', cell: 'b2' },
    outcome: 'cut',
    failure: { kind: 'cut', origin: 'provider', retryable: true, hint: 'h' },
    usage: {
      input: 21,
      cacheRead: 2,
      cacheWrite: 3,
      cacheWriteLong: 4,
      output: 5,
      reasoning: 6,
      audioIn: 7,
      audioOut: 8,
      imageIn: 9,
      imageOut: 10,
      basis: 'reported',
    },
    cost: { microUsd: 31, state: 'exact', priceVersion: 'v2', parts: { input: 32 } },
    timing: {
      queued: 41,
      firstByte: 42,
      firstToken: 43,
      total: 44,
      overhead: 0.5,
      gaps: { count: 6, p50: 1, p99: 2, max: 3 },
    },
    status: 200,
    record: 'masked',
  },
  declared: { model: 'x' },
} as unknown as SpoolMeta;

/** As it stands in segments of kind 3 that no database has yet. */
const BYTES = [
  '8gEAAFsiMDFhMWZlMzQtNTEwZS03MDAwLWJjNmEtZjdlOGM0ZTVhYjAyIiwic3VwcG9ydCIsIm9wZW5haS1jaGF0Iiwic3BhcmUi',
  'LCJwcmltYXJ5IiwiZXhlcmNpc2UiLCJmbGFnIiwiYjIiLCJtLTIwMjYiLCJmcF8xIiwiZGVmYXVsdCIsImV1Iiwia2V5XzEiLCJh',
  'Y21lIiwiYWRhIiwic2VhcmNoIiwicCIsInRoIiwidGEiLCJydSIsInN0IiwiMDFhMWZlMzQtNTEwZS03MDAwLWJjNmEtZjdlOGM0',
  'ZTVhYjAxIiwidHIiLCJzcCIsInN1cHBvcnQiLHsia2luZCI6ImN1dCIsIm9yaWdpbiI6InByb3ZpZGVyIiwicmV0cnlhYmxlIjp0',
  'cnVlLCJoaW50IjoiaCJ9LDAseyJtb2RlbCI6IngifSwwLDAsImFudGhyb3BpYyIsImMiLCJyZXEiLHsia2luZCI6ImN1dCIsIm9y',
  'aWdpbiI6InByb3ZpZGVyIiwicmV0cnlhYmxlIjp0cnVlLCJoaW50IjoiaCJ9LHsidG8iOiJhbnRocm9waWMtbWVzc2FnZXMiLCJs',
  'b3NzZXMiOlsic2VlZCJdfSwidjEiLCJpbnB1dCIsIm91dHB1dCIsInYyIiwiaW5wdXQiXQwUCRf9e6jadpsByAEBAgEDBAX7WAIH',
  '+3oDKSorLP4AAAAAAADgPwYBAgMBIQkB/Xyo2nabAcgODxD+AAAAAACAMUAaAQIDBAUGBwgJChoLAgwNABkVAgMEBQYHCAkKABsf',
  'ASA=',
].join('');

test('what an earlier Midwatch has left in its spool is read as it was meant: another layout is a new kind of frame', () => {
  const read = readMeta(Buffer.from(BYTES, 'base64'));
  expect(read).toMatchObject(META as object);
  const out = new SpoolBytes();
  writeMeta(META, out, (texts) => texts);
  expect(Buffer.from(out.bytes.subarray(0, out.at)).toString('base64')).toBe(BYTES);
});
