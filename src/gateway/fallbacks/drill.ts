import type {
  FallbackDrill,
  FallbackDrillOrder,
  FallbackDrillPlan,
  FallbackDrillResult,
  Protocol,
  Result,
  Route,
  Translator,
} from '#contracts';
import { err, isGood, NO_USAGE, ok } from '#contracts';
import { dollars } from '#contracts/say';
import { apart } from '../apart.ts';
import type { AskContext } from '../ask.ts';
import { ownCall, type Told } from '../own-call.ts';
import type { Step } from '../plan.ts';
import { filler, PLAIN, SMALL, written } from './asks.ts';
import { type BoardContext, type Chain, chainsOf } from './board.ts';
import { busyness, peakOf, slowAfter } from './demand.ts';
import { faulty, pretending } from './faulty.ts';
import { type Caller, probe, probeCalls } from './probe.ts';
import { callsOf, ramp, rampTo, rate } from './ramp.ts';
import { declared, type EdgeReading, headroomOf } from './reading.ts';

/** Why a drill is not made, and what to do. */
export interface NoDrill {
  readonly message: string;
  readonly hint: string;
}

/** The drill without the sentences that a page adds. */
export type Drilled = Omit<FallbackDrill, 'edges'> & { readonly edges: readonly EdgeReading[] };

export interface DrillContext extends AskContext, BoardContext {
  readonly translator: (from: string, to: string) => Translator | undefined;
}

/** One call of a probe may take so long; a caller would not wait longer either. */
const LONGEST = 60_000;
/** What a provider says that it allows is not tried to the last. */
const NEARLY = 0.95;
/** Over the p99 minute, so that a busier one is carried as well. */
const HEADROOM = 1.2;

interface Target {
  readonly route: Route;
  readonly protocol: Protocol;
  readonly step: Step;
}

/**
 * Shows at once what exercise takes hours to show: that a fallback can be reached, speaks and calls tools (probe), that it
 * carries what the route needs (load), and that the route really gets there when the first tier fails (fault). Calls are
 * real, and are made only within the bounds of the order.
 */
export function createDrills(ctx: DrillContext) {
  let running = false;

  async function run(order: FallbackDrillOrder): Promise<Result<Drilled, NoDrill>> {
    const route = ctx.routes().routes.find(({ name }) => name === order.route);
    if (!route) return err(unknownRoute(ctx, order.route));
    const chains = chainsOf(ctx.proofs, route, ctx);
    const targets = chains
      .flatMap(({ protocol, steps }) => steps.map((step) => ({ route, protocol, step })))
      .filter(({ step }) => order.tier === undefined || step.tier.name === order.tier);
    if (targets.length === 0) return err(noFallback(route, order.tier));
    const wanted = order.load ? neededBy(ctx, route, order) : 0;
    if (wanted === undefined) return err(noDemand(route));
    const edges = () => targets.flatMap(({ step }) => ctx.proofs.read(route, [step]));
    const notNow =
      wanted > 0 && !order.atPeak ? (needed(ctx, route, targets) ?? busy(ctx, route)) : undefined;
    const plan = { ...planned(ctx, targets, order, wanted), ...(notNow !== undefined && { notNow }) };
    if (!order.confirmed) return ok({ plan, ran: false, microUsd: 0, results: [], edges: edges() });
    const beyond = exceeds(plan, order);
    if (beyond) return err(beyond);
    if (notNow !== undefined)
      return err({ message: notNow, hint: 'Wait, or ramp all the same with atPeak (--at-peak).' });
    if (running) return err({ message: 'A drill is under way.', hint: 'Wait for its end, then try again.' });
    running = true;
    try {
      const done = await Promise.all(targets.map((target) => drilled(ctx, target, wanted, order.atPeak)));
      if (order.fault)
        done.push(...(await Promise.all(inUse(chains).map((chain) => pretended(ctx, route, chain, order)))));
      const told = done.flatMap((one) => one.told);
      const microUsd = told.reduce((sum, { finished }) => sum + finished.facts.cost.microUsd, 0);
      return ok({
        plan,
        ran: true,
        microUsd,
        results: done.flatMap(({ results }) => results),
        edges: edges(),
      });
    } finally {
      running = false;
    }
  }
  return run;
}

interface Done {
  readonly results: readonly FallbackDrillResult[];
  readonly told: readonly Told[];
}

/** Probe of one edge, and its ramp where one is wanted. */
async function drilled(ctx: DrillContext, target: Target, wanted: number, atPeak: boolean): Promise<Done> {
  const { route, step } = target;
  const demand = ctx.proofs.demandOf(route.name);
  const contract = ctx.proofs.contractOf(route, step);
  const call = callerOf(ctx, target, 'probe');
  const probed = await probe(call, { demand, window: step.target.contextWindow });
  const { good, why, checks, limits } = probed;
  const shown = { contract, at: ctx.clock.now(), good, why };
  ctx.proofs.shown(route, step, { probed: { ...shown, checks }, ...(limits && { limits }) });
  const results = [
    { drill: 'probe' as const, ...nameOf(target), good, says: why, calls: probed.told.length },
  ];
  if (wanted === 0 || checks[0]?.good !== true) return { results, told: probed.told };
  const carried = await carries(ctx, target, wanted, atPeak);
  return { results: [...results, carried.result], told: [...probed.told, ...carried.told] };
}

async function carries(ctx: DrillContext, target: Target, wanted: number, atPeak: boolean) {
  const { route, step } = target;
  const demand = ctx.proofs.demandOf(route.name);
  const contract = ctx.proofs.contractOf(route, step);
  const mean = meanOf(ctx, route);
  const top = Math.min(wanted, allowed(ctx, target, mean));
  const call = callerOf(ctx, target, 'drill');
  const ask = { text: filler(mean.in), maxTokens: mean.out };
  const slow = slowAfter(demand, route.config.exercise.slow, mean.out);
  const halts = () => (atPeak ? undefined : needed(ctx, route, [target]));
  const ramped = await ramp(ctx.clock, rampTo(top), () => call(ask), slow, halts);
  const { held, good, why, told } = ramped;
  const said = { drill: 'load' as const, ...nameOf(target), calls: told.length };
  if (ramped.halted) return { result: { ...said, good: false, says: `stopped: ${why}` }, told };
  const capacity = headroomOf(step, { limits: ctx.proofs.limitsOf(route, step) }, demand);
  const enough = good && top >= wanted && capacity?.enough !== false;
  const says =
    !good || enough
      ? why
      : top < wanted
        ? `${why}, which is all that its limits allow; ${rate(wanted)} are needed`
        : `${why}, but its ${capacity?.axis} are ${capacity?.ratio.toFixed(2)} times what is needed, not ${HEADROOM}`;
  ctx.proofs.shown(route, step, {
    load: {
      contract,
      at: ctx.clock.now(),
      good: enough,
      why: says,
      perSecond: held,
      tokens: mean.in + mean.out,
    },
  });
  return {
    result: { ...said, good: enough, says },
    told,
  };
}

/** A call through the whole route with a first tier that fails; nothing of it is held against the real one. */
async function pretended(
  ctx: DrillContext,
  route: Route,
  { protocol }: Chain,
  order: FallbackDrillOrder,
): Promise<Done> {
  const fault = order.fault as NonNullable<typeof order.fault>;
  const steps = pretending(
    route,
    ctx
      .plan(route, protocol)
      .filter(({ tier }) => tier === route.tiers[0] || order.tier === undefined || tier.name === order.tier),
  );
  const last = steps.find(({ tier }) => tier !== route.tiers[0]);
  const model = last && modelOf(route, last);
  const body =
    model === undefined ? undefined : written({ ...PLAIN, model, stream: true }, protocol, ctx.translator);
  if (!last || body === undefined) return { results: [], told: [] };
  const aside = {
    ...apart(ctx),
    transport: faulty(ctx.clock, fault, ctx.transport),
    // What was never sent is not estimated either.
    estimate: () => NO_USAGE,
  };
  const told = await ownCall(aside, { source: 'drill', protocol, route, steps, body, lane: 'normal' });
  const { outcome, tier, attempts, timing, failure } = told.finished.facts;
  const served = attempts.at(-1);
  const good =
    (isGood(outcome) || outcome === 'length') && tier.served !== route.tiers[0]?.name && served !== undefined;
  return {
    told: [told],
    results: [
      {
        drill: 'fault',
        tier: served?.tier ?? last.tier.name,
        provider: served?.provider ?? last.target.provider,
        model: served?.model ?? '*',
        protocol: protocol.name,
        good,
        says: good
          ? `${fault}: answered by ${tier.served} after ${attempts.length - 1} failed attempts and ${Math.round(timing.total)} ms`
          : `${fault}: ${failure ? `${failure.kind}, ${failure.hint}` : outcome}`.slice(0, 300),
        calls: attempts.filter((a) => a.tier !== route.tiers[0]?.name).length,
      },
    ],
  };
}

/** Calls one edge and nobody else, once. */
function callerOf(ctx: DrillContext, { route, protocol, step }: Target, source: 'probe' | 'drill'): Caller {
  const { takeover: _, ...config } = route.config;
  const alone: Route = {
    name: route.name,
    tiers: [step.tier],
    config: {
      ...config,
      attempts: { perTarget: 1, perExchange: 1 },
      timeouts: { ...config.timeouts, total: Math.min(LONGEST, config.timeouts.total) },
      hedge: false,
    },
  };
  const aside = apart(ctx);
  const model = modelOf(route, step);
  return async (asked) => {
    const ask = model === undefined ? undefined : written({ ...asked, model }, protocol, ctx.translator);
    if (ask === undefined) return undefined;
    const told = await ownCall(aside, {
      source,
      protocol,
      route: alone,
      steps: [step],
      body: ask,
      lane: 'batch',
    });
    return { ...told, ask };
  };
}

/** What callers of the route ask for, where that is one name. */
function modelOf({ config }: Route, { target }: Step): string | undefined {
  const { model } = config.match;
  return model !== undefined && !model.includes('*') ? model : target.model;
}

const nameOf = ({ protocol, step }: Target) => ({
  tier: step.tier.name,
  provider: step.target.provider,
  model: step.target.model ?? '*',
  protocol: protocol.name,
});

const inUse = (chains: readonly Chain[]): readonly Chain[] => chains.filter(({ steps }) => steps.length > 0);

/** Tokens of an ordinary ask and answer of the route. */
function meanOf(ctx: DrillContext, route: Route): { readonly in: number; readonly out: number } {
  const peak = peakOf(ctx.proofs.demandOf(route.name));
  return {
    in: Math.max(20, Math.round(peak?.mean ?? 0)),
    out: Math.max(16, Math.round(peak ? peak.tokensOut / peak.requests : SMALL)),
  };
}

/** Exchanges per second that a ramp goes up to; undefined while nobody knows. */
function neededBy(ctx: DrillContext, route: Route, { perSecond }: FallbackDrillOrder): number | undefined {
  const peak = peakOf(ctx.proofs.demandOf(route.name));
  return perSecond ?? (peak && (HEADROOM * peak.requests) / 60);
}

/** Why callers need the fallback now more than a drill does. */
function needed(
  { plan, standing }: DrillContext,
  route: Route,
  targets: readonly Target[],
): string | undefined {
  const away = (step: Step) => {
    const model = modelOf(route, step) ?? '';
    const kinds = [true, false].map((stream) => ({ model, stream }));
    return kinds.some((ask) => standing.closedFor(step, ask) > 0 || standing.ejected(step, ask));
  };
  const down = targets.some(({ protocol }) => {
    const first = plan(route, protocol).filter(({ tier }) => tier === route.tiers[0]);
    return first.length > 0 && first.every(away);
  });
  return down
    ? `The first tier of route "${route.name}" takes no callers now, and its fallback must.`
    : undefined;
}

/** Why this is no hour for a ramp; undefined where nobody knows the hours of the route yet. */
function busy({ proofs, clock }: DrillContext, route: Route): string | undefined {
  const known = busyness(proofs.demandOf(route.name), clock.now());
  if (!known || known.now <= known.quiet) return undefined;
  const [now, quiet, busiest] = [known.now, known.quiet, known.busiest].map(Math.round);
  return `Route "${route.name}" is asked ${now} times a minute now, ${busiest} at its busiest; a ramp waits until it is below ${quiet}.`;
}

/** Exchanges per second that its provider says it allows. */
function allowed(
  ctx: DrillContext,
  { route, step }: Target,
  mean: { readonly in: number; readonly out: number },
): number {
  const limits: Readonly<Record<string, number>> = { ...ctx.proofs.limitsOf(route, step), ...declared(step) };
  const each: Readonly<Record<string, number>> = {
    requests: 1,
    tokens: mean.in + mean.out,
    input_tokens: mean.in,
    output_tokens: mean.out,
  };
  return Math.min(
    ...Object.entries(limits).map(([axis, limit]) => (NEARLY * limit) / (each[axis] ?? 1) / 60),
  );
}

function planned(
  ctx: DrillContext,
  targets: readonly Target[],
  order: FallbackDrillOrder,
  wanted: number,
): FallbackDrillPlan {
  const mean = order.load ? meanOf(ctx, (targets[0] as Target).route) : { in: 0, out: 0 };
  const steps = wanted > 0 ? rampTo(wanted) : [];
  let [calls, microUsd, unpriced] = [0, 0, 0];
  for (const { route, step } of targets) {
    const demand = ctx.proofs.demandOf(route.name);
    const asks = [
      ...probeCalls(demand, step.target.contextWindow),
      ...(wanted > 0 ? Array<typeof mean>(callsOf(steps)).fill(mean) : []),
      ...(order.fault ? [{ in: 100, out: SMALL }] : []),
    ];
    for (const { in: input, out: output } of asks) {
      const cost = ctx.pricer.price({
        provider: step.target.provider,
        model: step.target.model ?? '',
        at: ctx.clock.now(),
        usage: { ...NO_USAGE, input, output, basis: 'estimated' },
      });
      calls++;
      microUsd += cost.microUsd;
      if (cost.state === 'unpriced') unpriced++;
    }
  }
  const { timeouts } = (targets[0] as Target).route.config;
  const ms =
    2 * Math.min(LONGEST, timeouts.total) +
    steps.reduce((sum, step) => sum + step.ms, 0) +
    (order.fault ? timeouts.total : 0);
  return { calls, ms, microUsd, unpriced };
}

function exceeds(
  { calls, microUsd }: FallbackDrillPlan,
  { maxCalls, maxMicroUsd }: FallbackDrillOrder,
): NoDrill | undefined {
  if (calls > maxCalls)
    return {
      message: `The drill may take ${calls} calls, and ${maxCalls} are allowed.`,
      hint: 'Allow more with maxCalls (--max-calls), or ramp to a lower rate with perSecond (--rate).',
    };
  if (microUsd > maxMicroUsd)
    return {
      message: `The drill may cost ${dollars(microUsd)}, and ${dollars(maxMicroUsd)} are allowed.`,
      hint: 'Allow more with maxMicroUsd (--max-usd), or ramp to a lower rate with perSecond (--rate).',
    };
  return undefined;
}

const unknownRoute = (ctx: DrillContext, name: string): NoDrill => ({
  message: `There is no route "${name}".`,
  hint: `Known routes: ${ctx
    .routes()
    .routes.map((r) => r.name)
    .join(', ')}.`,
});

function noFallback({ name, tiers }: Route, tier: string | undefined): NoDrill {
  const known = tiers.slice(1).filter(({ targets }) => targets.length > 0);
  return tier === undefined || known.length === 0
    ? {
        message: `Route "${name}" has no fallback.`,
        hint: `Give routes.${name}.tiers a second tier with targets.`,
      }
    : {
        message: `Route "${name}" has no fallback "${tier}".`,
        hint: `Its fallbacks: ${known.map((t) => t.name).join(', ')}.`,
      };
}

const noDemand = ({ name }: Route): NoDrill => ({
  message: `Nobody has asked route "${name}" for anything yet, so nobody knows what its fallback must carry.`,
  hint: 'Say how many exchanges a second with perSecond (--rate). Demand is learnt once the route has exercise.share or a minProof.',
});
