import { buildRoutes, parseConfig } from '#app';
import { createGateway } from '#gateway';
import { systemClock } from '#kernel';
import {
  estimateUsage,
  findTranslator,
  protocolByName,
  protocols,
  takeovers,
  withoutForeignThoughts,
} from '#protocols';
import { createPricer } from '#providers';
import { createRecorder, createRedactor, nodeSpoolFiles } from '#telemetry';
import { callHandler } from '../../drills/in-process.ts';

export interface Asked {
  readonly ask: string;
  readonly answer: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const CONFIG = `providers:
  openai:
    apiKey: bench
routes:
  chat:
    tiers: [{ name: primary, targets: [{ provider: openai }] }]
`;
const JSON_TYPE = { 'content-type': 'application/json' };
const NOTHING_RUNS = { cancel: () => undefined, pause: () => undefined, resume: () => undefined };
/** What such a bench may fill a disk with. */
const SPOOL_BYTES = 16e9;

/**
 * Fills a spool with what the product's own gateway and recorder leave for these exchanges; only the sockets are left out,
 * since what is measured comes after them.
 */
export async function fillSpool(
  folder: string,
  exchanges: Iterable<Asked>,
): Promise<{ readonly count: number; readonly jsonBytes: number }> {
  const parsed = parseConfig(CONFIG, {});
  if (!parsed.ok) throw new Error('the configuration of the bench is wrong');
  const table = buildRoutes(parsed.value);
  const clock = systemClock();
  const log = () => undefined;
  const redactor = createRedactor();
  const recorder = createRecorder({
    files: nodeSpoolFiles(folder),
    clock,
    log,
    redactor,
    protocols: protocolByName,
    maxBytes: SPOOL_BYTES,
  });
  let answer = '';
  const gateway = createGateway({
    clock,
    protocols,
    transport: (_, taker) => {
      taker.connected();
      taker.head(200, JSON_TYPE);
      taker.data(Buffer.from(answer));
      taker.end();
      return NOTHING_RUNS;
    },
    keys: { empty: true, find: () => undefined },
    recorder,
    live: { publish: () => undefined, subscribe: () => () => undefined },
    pricer: createPricer({ openai: { priceId: 'openai', free: false } }),
    estimate: estimateUsage,
    translator: findTranslator,
    withoutForeignThoughts,
    takeovers,
    ledger: () => undefined,
    redactor,
    steerers: [],
    routes: () => table,
    log,
    maxBody: parsed.value.limits.body,
  });
  let count = 0;
  let jsonBytes = 0;
  for (const one of exchanges) {
    answer = one.answer;
    const { status, body } = await callHandler(gateway.handle, {
      path: '/v1/chat/completions',
      headers: one.headers ?? {},
      body: one.ask,
    });
    if (status !== 200) throw new Error(`the gateway answered ${status}: ${body}`);
    count++;
    jsonBytes += Buffer.byteLength(one.ask) + Buffer.byteLength(one.answer);
  }
  await recorder.close();
  const { dropped, taken } = recorder.stats();
  if (dropped > 0 || taken !== count)
    throw new Error(`${dropped} of ${count} exchanges did not fit the spool`);
  return { count, jsonBytes };
}
