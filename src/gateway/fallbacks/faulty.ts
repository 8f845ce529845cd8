import type { AnswerTaker, Clock, DrillFault, Route, Transport } from '#contracts';
import type { Step } from '../plan.ts';

/** Where a first tier lives that only pretends: a name that leads nowhere (RFC 2606). */
const NOWHERE = 'http://first-tier.invalid';
const DRIP = 1_000;
const encoder = new TextEncoder();
const ERROR = encoder.encode('{"error":{"message":"Pretended by a drill.","type":"drill"}}');

/** The plan with a first tier that cannot be reached: neither its address nor its key leaves the house. */
export const pretending = (route: Route, steps: readonly Step[]): readonly Step[] =>
  steps.map((step) =>
    step.tier === route.tiers[0]
      ? {
          ...step,
          target: {
            ...step.target,
            apiKey: 'drill',
            baseUrl: Object.fromEntries(Object.keys(step.target.baseUrl).map((d) => [d, NOWHERE])),
          },
        }
      : step,
  );

/** A transport on which the pretended first tier fails as told, and everybody else is asked. */
export const faulty =
  (clock: Clock, fault: DrillFault, transport: Transport): Transport =>
  (request, taker) =>
    request.url.startsWith(NOWHERE) ? FAULTS[fault](clock, taker) : transport(request, taker);

type Fails = (clock: Clock, taker: AnswerTaker) => ReturnType<Transport>;

const call = (cancel: () => void = () => undefined): ReturnType<Transport> => ({
  cancel,
  pause: () => undefined,
  resume: () => undefined,
});

/** All of it at once, as from a pool of open connections. */
const says =
  (
    status: number,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    ends: 'well' | 'cut',
  ): Fails =>
  (_, taker) => {
    taker.connected();
    taker.head(status, headers);
    taker.data(body);
    if (ends === 'well') taker.end();
    else taker.fail({ kind: 'cut', detail: 'drill' });
    return call();
  };

const JSON_TYPE = { 'content-type': 'application/json' };
const SSE = { 'content-type': 'text/event-stream' };

const FAULTS: Readonly<Record<DrillFault, Fails>> = {
  '429': says(429, { ...JSON_TYPE, 'retry-after': '30' }, ERROR, 'well'),
  '500': says(500, JSON_TYPE, ERROR, 'well'),
  cut: says(200, SSE, encoder.encode(': begun\n\n'), 'cut'),
  'bad-json': says(200, SSE, encoder.encode('data: {"choices":[{"delta":\n\n'), 'well'),
  hang(_, taker) {
    taker.connected();
    return call();
  },
  'slow-drip'(clock, taker) {
    taker.connected();
    taker.head(200, SSE);
    return call(clock.every(DRIP, () => taker.data(encoder.encode(': drip\n\n'))));
  },
};
