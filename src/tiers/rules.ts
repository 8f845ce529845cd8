import type {
  Act,
  Config,
  DemotionConfig,
  DemotionRefusal,
  DemotionView,
  EpochMs,
  Failure,
  Result,
  Route,
  SteerQuestion,
  Turn,
} from '#contracts';
import { err, ok } from '#contracts';
import {
  checkDemotion,
  DEMOTION_START,
  type DemotionRule,
  type DemotionState,
  demote,
  demotionStanding,
} from '#kernel/tiers';
import { type Asker, matcher } from './match.ts';

/** How the record names a rule. */
export const nameOf = (id: string): string => `demotion:${id}`;

interface Approval {
  readonly by: string;
  readonly until: EpochMs;
}
interface Ended {
  readonly by: string;
  readonly at: EpochMs;
}

/** What a rule remembers beyond a restart. */
interface Memory {
  /** Of the rule as it was declared: another declaration is another rule, and inherits no approval. */
  readonly print: string;
  readonly state: DemotionState;
  readonly approval?: Approval;
  readonly ended?: Ended;
}
/** By route and id. */
export type RulesSnapshot = Readonly<Record<string, Readonly<Record<string, Memory>>>>;

interface Standing {
  readonly config: DemotionConfig;
  readonly print: string;
  readonly wants: (asker: Asker) => boolean;
  readonly by: string;
  /** As it acts now: with what was approved, until when it was ended. */
  rule: DemotionRule;
  state: DemotionState;
  approval: Approval | undefined;
  ended: Ended | undefined;
}

/**
 * The register of demotion rules: which there are, how many exchanges each has taken, who approved or ended it. Expiry needs
 * nobody to act: a rule is asked for every exchange, and looks at that exchange's own time.
 */
export class Rules {
  private routes = new Map<string, readonly Standing[]>();

  constructor(routes: Config['routes']) {
    this.reload(routes);
  }

  /** A rule that is declared as before goes on as it stood. */
  reload(routes: Config['routes'], remembered: RulesSnapshot = this.snapshot()): void {
    this.routes = new Map(
      Object.entries(routes).flatMap(([route, { demotions }]) =>
        demotions.length === 0
          ? []
          : [[route, demotions.map((config) => stand(config, remembered[route]?.[config.id]))]],
      ),
    );
  }

  has(route: string): boolean {
    return this.routes.has(route);
  }

  /** Where rules send the exchange. They are asked in order, so that one may take on what another has sent down. */
  steer(question: SteerQuestion): Turn | undefined {
    const standings = this.routes.get(question.route.name);
    if (standings === undefined) return undefined;
    let tier = (question.route.tiers[0] as Route['tiers'][number]).name;
    let turn: Turn | undefined;
    for (const one of standings) {
      const { config, by } = one;
      // A tier that cannot answer this caller is none to be sent to.
      if (config.from !== tier || !question.tiers.includes(config.to)) continue;
      const decision = demote(one.rule, one.state, question.at, one.wants(question));
      one.state = decision.state;
      const { reason } = config;
      if (decision.do === 'refuse') return { tier, by, reason, refuse: blocked(question.route.name, config) };
      if (decision.do === 'demote') {
        tier = config.to;
        turn = { tier, by, reason };
      }
    }
    return turn;
  }

  read(now: EpochMs): readonly DemotionView[] {
    return [...this.routes].flatMap(([route, standings]) => standings.map((one) => view(route, one, now)));
  }

  /** Lets a rule act on after its end. */
  approve(
    route: string,
    id: string,
    approval: Approval,
    now: EpochMs,
  ): Result<DemotionView, DemotionRefusal> {
    const one = this.find(route, id);
    if (!one) return err('unknown');
    if (one.config.onExpire !== 'extend-with-approval') return err('not_extendable');
    if (one.ended) return err('ended');
    one.approval = approval;
    one.rule = acting(one.config, approval, undefined);
    return ok(view(route, one, now));
  }

  /** Ends a rule before its time, whatever it would have done at it; only another declaration brings it back. */
  end(route: string, id: string, by: string, now: EpochMs): Result<DemotionView, DemotionRefusal> {
    const one = this.find(route, id);
    if (!one) return err('unknown');
    one.ended ??= { by, at: now };
    one.rule = acting(one.config, one.approval, one.ended);
    return ok(view(route, one, now));
  }

  /** What was said of a rule, for the other gateways. */
  said(route: string, id: string, now: EpochMs): Act | undefined {
    const one = this.find(route, id);
    if (!one) return undefined;
    const { print, approval, ended } = one;
    return {
      at: now,
      route,
      print,
      of: 'demotion',
      says: { id, ...(approval && { approval }), ...(ended && { ended }) },
    };
  }

  /** What was said on another gateway; of a rule that is declared otherwise here it says nothing. */
  heed({ route, print, says }: Extract<Act, { of: 'demotion' }>): void {
    const one = this.find(route, says.id);
    if (one?.print !== print) return;
    if (says.approval) one.approval = says.approval;
    one.ended ??= says.ended;
    one.rule = acting(one.config, one.approval, one.ended);
  }

  snapshot(): RulesSnapshot {
    return Object.fromEntries(
      [...this.routes].map(([route, standings]) => [
        route,
        Object.fromEntries(
          standings.map(({ config, print, state, approval, ended }) => [
            config.id,
            { print, state, ...(approval && { approval }), ...(ended && { ended }) },
          ]),
        ),
      ]),
    );
  }

  private find(route: string, id: string): Standing | undefined {
    return this.routes.get(route)?.find(({ config }) => config.id === id);
  }
}

function stand(config: DemotionConfig, memory: Memory | undefined): Standing {
  const { owner: _, approval: __, ...declared } = config;
  const print = JSON.stringify(declared);
  const known = memory?.print === print ? memory : undefined;
  // What the file says may be newer than what was said by hand, or the other way round: the longer one holds.
  const approval = later(config.approval, known?.approval);
  return {
    config,
    print,
    wants: matcher(config.when),
    by: nameOf(config.id),
    rule: acting(config, approval, known?.ended),
    state: known?.state ?? DEMOTION_START,
    approval,
    ended: known?.ended,
  };
}

const later = (a: Approval | undefined, b: Approval | undefined): Approval | undefined =>
  a && b ? (a.until >= b.until ? a : b) : (a ?? b);

function acting(
  { id, from, to, owner, reason, maxShare, expiresAt, onExpire }: DemotionConfig,
  approval: Approval | undefined,
  ended: Ended | undefined,
): DemotionRule {
  const rule = { id, from, to, owner, reason, maxShare };
  return checkDemotion(
    ended
      ? { ...rule, expiresAt: Math.min(expiresAt, ended.at), onExpire: 'restore' }
      : { ...rule, expiresAt, onExpire, ...(approval && { approval }) },
  );
}

function view(route: string, { config, rule, state, approval, ended }: Standing, now: EpochMs): DemotionView {
  const { id, from, to, owner, reason, maxShare, expiresAt, onExpire, when } = config;
  const { status, left } = demotionStanding(rule, state, now);
  return {
    route,
    id,
    from,
    to,
    owner,
    reason,
    maxShare,
    expiresAt,
    onExpire,
    when: Object.fromEntries(Object.entries(when).filter(([, values]) => values !== undefined)),
    status: ended ? 'ended' : status,
    left,
    seen: state.seen,
    demoted: state.demoted,
    held: state.held,
    ...(approval && { approval }),
    ...(ended && { ended }),
  };
}

const blocked = (route: string, { id, owner, expiresAt, to }: DemotionConfig): Failure => ({
  kind: 'no_target',
  origin: 'midwatch',
  retryable: false,
  hint: `Rule "${id}" of route "${route}", which sent such asks to tier "${to}", expired on ${new Date(expiresAt).toISOString()} and says \`onExpire: block\`, so they are refused until ${owner} decides: take the rule out, give it a new end, or run \`midwatch tiers end ${route} ${id}\`.`,
});
