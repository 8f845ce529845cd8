import type { Clock, KeyRecord, KeyRing, Log } from '#contracts';
import { answerEstimate } from '#ledger';
import { protocolByName } from '#protocols';
import { routerCopies } from '#routers';
import { createLiveFeed, createRecorder, createRedactor, nodeSpoolFiles } from '#telemetry';
import { createTransport } from '#wire';
import { activate } from '../active.ts';
import { createMeter, metered } from '../metrics.ts';
import { openPlane } from '../plane.ts';
import { proxyOf } from '../proxy.ts';
import { listenWith } from '../serve.ts';
import { describeTargets } from '../targets.ts';
import { carrier } from './carry.ts';
import { farLedger } from './ledger.ts';
import type { FromThread, ThreadGiven, ThreadKeys, ToThread } from './messages.ts';
import { hear, newsOf } from './news.ts';
import { farSteerer } from './steer.ts';

/** How often a thread tells the first how it fares, and which keys came in, ms. */
const REPORT_MS = 250;
const TARGETS_MS = 1_000;
const USED_MS = 2_000;
/** What others should soon know: how targets turned, how exchanges ended. */
const NEWS_MS = 50;

const IDEMPOTENCY = 'idempotency-key';

/**
 * The whole of a further gateway thread: a listener on the port of the first, a gateway, a recorder, connections to providers.
 * Whatever there must be one of is the first thread's and is asked there, by messages.
 */
export function runThread(
  given: ThreadGiven,
  clock: Clock,
  post: (said: FromThread) => void,
): (said: ToThread) => void {
  const log: Log = (level, event, data) => post({ say: 'log', level, event, ...(data && { data }) });
  let { settings } = given;
  const make = () =>
    activate(settings.loaded, {
      ...(given.simulator !== undefined && { simulator: { port: given.simulator } }),
      keyFile: (provider) => settings.keyFiles[provider] ?? '',
      thread: given.thread,
      frozen: settings.frozen,
    });
  let active = make();

  const redactor = createRedactor();
  const recorder = createRecorder({
    files: nodeSpoolFiles(given.spool),
    clock,
    log,
    redactor,
    protocols: protocolByName,
    maxBytes: settings.loaded.config.spool.max,
    // The scribe tells the first thread how the spool stands; here only what is still in memory waits.
    progress: () => NOTHING_WAITS,
  });
  const { meter } = createMeter(() => active, redactor);
  const wire = createTransport({ clock, proxy: proxyOf(process.env) });
  const live = createLiveFeed();
  let unwatch: (() => void) | undefined;
  const ring = createRing(given.keys, clock);
  const carried = carrier((there) => post({ say: 'carried', there }));
  const ledger = farLedger(
    (asked) => post({ say: 'ledger', asked }),
    answerEstimate(),
    () => active.loaded.config,
  );
  const steering = farSteerer((asked) => post({ say: 'steer', asked }));
  const copies = routerCopies(
    (route) => active.loaded.config.routes[route]?.router !== undefined,
    (pair) => {
      // The end of what was served goes first: it is what the books join the copy to.
      tell();
      post({ say: 'paired', pair });
    },
  );
  let houses = given.houses;
  const gateway = openPlane({
    clock,
    log,
    transport: wire.transport,
    keys: ring.ring,
    recorder: metered(recorder, meter),
    live,
    redactor,
    ledger: () => (settings.limits ? ledger.ports : undefined),
    steerers: [steering.steerer],
    shadowers: [copies],
    thread: given.thread,
    houses: () => houses,
    active: () => active,
    maxBody: settings.loaded.config.limits.body,
  });
  const { standing, proofs, climate, seats } = given.learnt;
  gateway.standing.restore(standing);
  gateway.proofs.restore(proofs);
  gateway.climate.restore(climate);
  gateway.seats.restore(seats);

  const listener = listenWith({
    host: given.host,
    port: given.port,
    shared: 'joins',
    clock,
    maxBody: settings.loaded.config.limits.body,
    // A retry may come in anywhere, so whoever keeps answers for it is one.
    handler: (incoming, outgoing) =>
      gateway.serves(incoming.path) && incoming.headers[IDEMPOTENCY] === undefined
        ? gateway.handle(incoming, outgoing)
        : carried.handle(incoming, outgoing),
  });
  const tell = () => {
    const news = newsOf(gateway);
    if (news) post({ say: 'news', news });
    const ended = steering.ended();
    if (ended.length > 0) post({ say: 'ended', ended });
  };
  const report = () => {
    const counted = meter.take();
    if (counted) post({ say: 'counted', counted });
    post({
      say: 'report',
      report: { gateway: gateway.stats(), spool: recorder.stats(), shadows: gateway.shadows.read() },
    });
  };
  const targets = () => {
    const known = describeTargets(active.table, gateway).filter(({ status }) => status !== 'unknown');
    if (known.length > 0) post({ say: 'targets', targets: known });
  };
  const used = () => {
    const hashes = ring.used();
    if (hashes.length > 0) post({ say: 'used', hashes });
  };
  const timers = [
    clock.every(NEWS_MS, tell),
    clock.every(REPORT_MS, report),
    clock.every(TARGETS_MS, targets),
    clock.every(USED_MS, used),
  ];
  post({ say: 'serving' });

  async function stop(): Promise<void> {
    listener.stop();
    for (const timer of timers) timer();
    used();
    tell();
    await recorder.close();
    wire.close();
    report();
    post({ say: 'stopped' });
  }

  return (said) => {
    switch (said.say) {
      case 'settings':
        settings = said.settings;
        active = make();
        return;
      case 'keys':
        return ring.take(said.keys);
      case 'minded':
        return steering.mind(said.minded);
      case 'watched':
        unwatch?.();
        unwatch = said.watched ? live.subscribe((facts) => post({ say: 'exchange', facts })) : undefined;
        return;
      case 'news':
        houses = said.news.houses ?? houses;
        return hear(gateway, said.news);
      case 'carried':
        return carried.back(said.back);
      case 'ledger':
        return ledger.told(said.told);
      case 'turn':
        return steering.told(said.told);
      case 'drain':
        void gateway.drain(said.ms).then(() => post({ say: 'drained' }));
        return;
      case 'stop':
        void stop().catch((error: unknown) => {
          log('error', 'stop failed', { what: 'thread', error: String(error) });
          post({ say: 'stopped' });
        });
        return;
      case 'begin':
    }
  };
}

const NOTHING_WAITS = { waiting: 0, lagMs: 0 };

/** The keys as the first thread knows them. */
function createRing(first: ThreadKeys, clock: Clock) {
  let { empty, known } = first;
  let byHash = new Map<string, KeyRecord>();
  const used = new Set<string>();
  const take = (keys: ThreadKeys) => {
    ({ empty, known } = keys);
    byHash = new Map(keys.records.map((record) => [record.hash, record]));
  };
  take(first);
  const ring: KeyRing = {
    get empty() {
      return empty;
    },
    get known() {
      return known;
    },
    find(hash) {
      const record = byHash.get(hash);
      if (
        record &&
        record.revokedAt === undefined &&
        (record.expiresAt ?? Number.POSITIVE_INFINITY) > clock.now()
      )
        used.add(hash);
      return record;
    },
  };
  return {
    ring,
    take,
    used() {
      const hashes = [...used];
      used.clear();
      return hashes;
    },
  };
}
