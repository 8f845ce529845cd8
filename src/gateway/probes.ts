import type { Config, Pricer, ProbeView, Protocol, Route, RouteTable, Translator } from '#contracts';
import { NO_USAGE } from '#contracts';
import { apart } from './apart.ts';
import type { AskContext } from './ask.ts';
import { filler, written } from './fallbacks/asks.ts';
import { ownCall } from './own-call.ts';
import type { Step } from './plan.ts';

export type ProbeSettings = NonNullable<Config['probes']>;

/** How the probes of one target stand. */
export interface ProbeReading extends ProbeView {
  readonly provider: string;
  readonly model: string;
  readonly zone: string;
}

interface ProbesContext extends AskContext {
  readonly protocols: readonly Protocol[];
  readonly plan: (route: Route, protocol: Protocol) => readonly Step[];
  readonly routes: () => RouteTable;
  readonly pricer: Pricer;
  readonly translator: (from: string, to: string) => Translator | undefined;
}

interface Probed {
  readonly route: Route;
  readonly protocol: Protocol;
  readonly step: Step;
  readonly model: string;
}

interface Book {
  nextAt: number;
  busy: boolean;
  /** Failures in a row, each of which doubles the pause. */
  failures: number;
  day: number;
  calls: number;
  failed: number;
  microUsd: number;
  last?: NonNullable<ProbeView['last']>;
  paused?: string;
}

/** The shape of every probe: what changes between two of them is the weather. */
const TOKENS_IN = 200;
const TOKENS_OUT = 16;
const LONGEST = 60_000;
const MOST_PAUSES = 4;
const DAY = 86_400_000;
const USD = 1_000_000;

/**
 * Asks every target the same small thing on a schedule, where that is configured: it is real, recorded and billed, and says how
 * long a target keeps anybody waiting even while nobody asks. Teaches the weather, and a week of its own.
 */
export class Probes {
  private readonly ctx: ProbesContext;
  private readonly settings: () => ProbeSettings | undefined;
  private readonly books = new Map<string, Book>();

  constructor(ctx: ProbesContext, settings: () => ProbeSettings | undefined) {
    this.ctx = ctx;
    this.settings = settings;
  }

  /** Makes those that are due; to be called about every second. */
  tick(): void {
    const settings = this.settings();
    if (!settings || this.ctx.draining()) return;
    const now = this.ctx.clock.now();
    const time = this.ctx.clock.monotonic();
    const all = this.targets(settings);
    const spent = this.spent(now);
    all.forEach((one, i) => {
      // In turns, so that a schedule is no burst.
      const book = this.bookOf(one, time + (settings.every * i) / all.length, now);
      if (book.busy || time < book.nextAt) return;
      book.nextAt = time + settings.every * 2 ** Math.min(MOST_PAUSES, book.failures);
      const paused = this.hindrance(one, settings, spent);
      if (paused === undefined) {
        delete book.paused;
        void this.ask(one, book);
      } else book.paused = paused;
    });
  }

  read(): readonly ProbeReading[] {
    const settings = this.settings();
    if (!settings) return [];
    const now = this.ctx.clock.now();
    const time = this.ctx.clock.monotonic();
    return this.targets(settings).map((one) => {
      const { calls, failed, microUsd, last, paused } = this.bookOf(one, time, now);
      return {
        provider: one.step.target.provider,
        model: one.model,
        zone: one.step.target.zone,
        every: settings.every,
        calls,
        failed,
        microUsd,
        dailyMicroUsd: Math.round(settings.dailyUsd * USD),
        ...(last && { last }),
        ...(paused !== undefined && { paused }),
      };
    });
  }

  private async ask(one: Probed, book: Book): Promise<void> {
    const { ctx } = this;
    const { route, protocol, step, model } = one;
    const text = filler(TOKENS_IN);
    const body = written({ text, maxTokens: TOKENS_OUT, stream: true, model }, protocol, ctx.translator);
    if (!body) return;
    book.busy = true;
    const { takeover: _, ...config } = route.config;
    const { finished } = await ownCall(
      { ...apart(ctx), weather: ctx.weather, climate: ctx.climate },
      {
        source: 'probe',
        protocol,
        route: {
          name: route.name,
          tiers: [step.tier],
          config: {
            ...config,
            attempts: { perTarget: 1, perExchange: 1 },
            timeouts: { ...config.timeouts, byHour: false, total: Math.min(LONGEST, config.timeouts.total) },
            hedge: false,
          },
        },
        steps: [step],
        body,
        lane: 'batch',
      },
    );
    const { attempts, cost, failure, outcome } = finished.facts;
    const firstToken = attempts.at(-1)?.timing.firstToken;
    const failed = firstToken === undefined ? (failure?.kind ?? outcome) : undefined;
    book.busy = false;
    book.calls++;
    book.microUsd += cost.microUsd;
    book.failures = failed === undefined ? 0 : book.failures + 1;
    if (failed !== undefined) book.failed++;
    book.last = {
      at: finished.facts.at,
      ...(firstToken !== undefined && { firstToken }),
      ...(failed !== undefined && { failed }),
    };
  }

  /** Why this one may not be asked now. */
  private hindrance(
    { step: { target }, model }: Probed,
    { dailyUsd }: ProbeSettings,
    spent: number,
  ): string | undefined {
    const usage = { ...NO_USAGE, input: TOKENS_IN, output: TOKENS_OUT, basis: 'estimated' as const };
    const at = this.ctx.clock.now();
    const { state, microUsd } = this.ctx.pricer.price({ provider: target.provider, model, usage, at });
    if (state === 'unpriced')
      return `its price is not known, so it cannot be kept within probes.dailyUsd; set providers.${target.provider}.prices`;
    return spent + microUsd > dailyUsd * USD ? 'probes.dailyUsd is spent' : undefined;
  }

  private spent(now: number): number {
    const day = Math.floor(now / DAY);
    let sum = 0;
    for (const book of this.books.values()) if (book.day === day) sum += book.microUsd;
    return sum;
  }

  private bookOf({ step, model }: Probed, nextAt: number, now: number): Book {
    const name = `${step.target.provider}/${model}`;
    const day = Math.floor(now / DAY);
    const known = this.books.get(name);
    if (known && known.day !== day) Object.assign(known, { day, calls: 0, failed: 0, microUsd: 0 });
    if (known) return known;
    const fresh: Book = { nextAt, busy: false, failures: 0, day, calls: 0, failed: 0, microUsd: 0 };
    this.books.set(name, fresh);
    return fresh;
  }

  /** Each target that names its model once, in what it speaks itself. */
  private targets({ targets }: ProbeSettings): readonly Probed[] {
    const { ctx } = this;
    const found = new Map<string, Probed>();
    for (const route of ctx.routes().routes)
      for (const protocol of ctx.protocols)
        for (const step of ctx.plan(route, protocol)) {
          const { provider, model } = step.target;
          const name = `${provider}/${model}`;
          if (model === undefined || step.translator || found.has(name)) continue;
          if (targets.some((wanted) => matches(wanted, name)))
            found.set(name, { route, protocol, step, model });
        }
    return [...found.values()];
  }
}

/** `*` stands for any run of characters. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
