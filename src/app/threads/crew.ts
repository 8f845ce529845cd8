import type { Clock, Handler, KeyRecord, LiveFeed, Log, Shadower, Steerer, ThreadView } from '#contracts';
import type { Gateway, LedgerPorts, StandingNews } from '#gateway';
import type { Meter } from '#metrics';
import type { Active } from '../active.ts';
import type { Target } from '../targets.ts';
import { carriedTo } from './carry.ts';
import { nearLedger } from './ledger.ts';
import { Member } from './member.ts';
import type { FromThread, ThreadKeys, ThreadSettings, ToThread } from './messages.ts';
import { hear, type ThreadNews } from './news.ts';
import type { ThreadReport } from './report.ts';
import { type Minded, mindedBy, steerFor } from './steer.ts';

export interface CrewOptions {
  /** Gateway threads, the first included. */
  readonly threads: number;
  readonly spool: string;
  readonly simulator: { readonly port: number } | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The first thread's own. */
  readonly gateway: Pick<Gateway, 'standing' | 'proofs' | 'climate' | 'weather' | 'seats'>;
  readonly houses: () => number;
  readonly settings: () => ThreadSettings;
  readonly active: () => Active;
  readonly keys: {
    readonly empty: boolean;
    readonly known: boolean;
    records(): readonly KeyRecord[];
    /** Looks a key up, which notes its use. */
    find(hash: string): unknown;
  };
  readonly ledger: () => LedgerPorts | undefined;
  readonly steerers: readonly Steerer[];
  readonly shadowers: readonly Shadower[];
  readonly live: Pick<LiveFeed, 'publish'>;
  /** Adds to what this thread counted. */
  readonly meter: Pick<Meter, 'add'>;
  /** Answers whatever there is one of: control plane, console, runs, calls with an idempotency key. */
  readonly handler: Handler;
}

/** The other gateway threads, as the first one has them. */
export interface Crew {
  /** Are there any? */
  readonly some: boolean;
  /** Resolves when all of them serve, or after a while with those that do. */
  start(place: Place): Promise<void>;
  settingsChanged(): void;
  keysChanged(): void;
  watched(watched: boolean): void;
  /** To all threads, from the first one or another replica. */
  tell(news: ThreadNews): void;
  /** What the threads have told of their targets since the last call, for other replicas. */
  news(): readonly StandingNews[];
  totals(): readonly ThreadReport[];
  /** How targets stand by what each thread has seen of them. */
  targets(): readonly (readonly Target[])[];
  view(): readonly ThreadView[];
  drain(ms: number): Promise<void>;
  stop(): Promise<void>;
}

type Place = { readonly host: string; readonly port: number };

/** Whatever steers may begin or cease to mind a route at any moment; the others know it so much later, ms. */
const MIND_MS = 100;
const START_MS = 10_000;

export function createCrew(options: CrewOptions): Crew {
  const { threads, clock, log, gateway, live, active, steerers } = options;
  let place: Place = { host: '', port: 0 };
  let watched = false;
  let minded: Minded = { asked: [], heard: [] };
  let told: StandingNews[] = [];
  let timer: (() => void) | undefined;

  const tell = (said: ToThread, except?: Member) => {
    for (const one of members) if (one !== except) one.post(said);
  };
  const keys = (): ThreadKeys => ({
    empty: options.keys.empty,
    known: options.keys.known,
    records: options.keys.records(),
  });
  const mind = () => {
    const now = mindedBy(steerers, active().table.routes);
    if (JSON.stringify(now) === JSON.stringify(minded)) return;
    minded = now;
    tell({ say: 'minded', minded });
  };

  const begin = (number: number): readonly ToThread[] => [
    {
      say: 'begin',
      given: {
        ...place,
        thread: { number, of: threads },
        houses: options.houses(),
        spool: options.spool,
        ...(options.simulator && { simulator: options.simulator.port }),
        learnt: {
          standing: gateway.standing.snapshot(),
          proofs: gateway.proofs.snapshot(),
          climate: gateway.climate.snapshot(),
          seats: gateway.seats.snapshot(),
        },
        settings: options.settings(),
        keys: keys(),
      },
    },
    { say: 'minded', minded },
    { say: 'watched', watched },
  ];

  function memberOf(number: number): Member {
    const ends = () => ({
      calls: carriedTo(options.handler, (back) => member.post({ say: 'carried', back })),
      ledger: nearLedger(options.ledger, (answer) => member.post({ say: 'ledger', told: answer })),
    });
    const listen = (said: FromThread): unknown => {
      switch (said.say) {
        case 'news':
          hear(gateway, said.news);
          if (said.news.standing) told.push(said.news.standing);
          return tell({ say: 'news', news: { ...said.news, weather: [] } }, member);
        case 'paired':
          for (const shadower of options.shadowers) shadower.paired?.(said.pair);
          return;
        case 'exchange':
          return live.publish(said.facts);
        case 'counted':
          return options.meter.add(said.counted);
        case 'used':
          return said.hashes.map((hash) => options.keys.find(hash));
        case 'carried':
          return own.calls.there(said.there);
        case 'ledger':
          return own.ledger(said.asked);
        case 'steer': {
          const { id } = said.asked;
          return steerFor(steerers, active().table.routes, said.asked).then((turn) =>
            member.post({ say: 'turn', told: { id, turn } }),
          );
        }
        case 'ended':
          for (const facts of said.ended) for (const steerer of steerers) steerer.ended?.(facts);
      }
      return undefined;
    };
    const member = new Member({
      number,
      clock,
      log,
      begin: () => begin(number),
      hear: listen,
      gone() {
        own.calls.gone();
        own = ends();
      },
    });
    let own = ends();
    return member;
  }

  const members = Array.from({ length: threads - 1 }, (_, i) => memberOf(i + 2));

  return {
    some: members.length > 0,
    async start(at) {
      if (members.length === 0) return;
      place = at;
      mind();
      timer = clock.every(MIND_MS, mind);
      for (const one of members) one.start();
      const patience = new AbortController();
      await Promise.race([
        Promise.all(members.map((one) => one.serving())),
        clock.sleep(START_MS, patience.signal),
      ]);
      patience.abort();
      const serving = 1 + members.filter((one) => one.view().state === 'serving').length;
      log(serving === threads ? 'info' : 'error', 'threads', { serving, of: threads });
    },
    settingsChanged() {
      tell({ say: 'settings', settings: options.settings() });
      mind();
    },
    keysChanged: () => tell({ say: 'keys', keys: keys() }),
    watched(is) {
      watched = is;
      tell({ say: 'watched', watched });
    },
    tell: (news) => tell({ say: 'news', news }),
    news() {
      const since = told;
      told = [];
      return since;
    },
    totals: () => members.map((one) => one.total()),
    targets: () => members.map((one) => one.targets()),
    view: () => members.map((one) => one.view()),
    async drain(ms) {
      await Promise.all(members.map((one) => one.drain(ms)));
    },
    async stop() {
      timer?.();
      await Promise.all(members.map((one) => one.stop()));
    },
  };
}
