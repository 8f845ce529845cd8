import {
  type AskFacets,
  type ClassifierConfig,
  type Clock,
  type ExchangeFacts,
  type ExchangeId,
  isGood,
  type Log,
  type Route,
  type RouterConfig,
  type ShadowOrder,
  type ShadowPair,
  type ShadowQuestion,
  type SteerQuestion,
  type TellEvidence,
  type Turn,
} from '#contracts';
import { sessionOf, sha256 } from '#kernel';
import { assign, wordingOf } from '#kernel/router';
import { type Bookkeeping, type Books, bookkeeping } from './books.ts';
import { ruled } from './rules.ts';
import { type Arm, OpenTasks, type Task } from './tasks.ts';
import { plain, type RoutedEnd, type RouterWord, wordingFrom } from './word.ts';

/** What a classifier is told. */
export interface ClassifyQuestion {
  readonly route: string;
  readonly feature?: string;
  readonly facets: AskFacets;
  /** The last words of the user; masked like everything that leaves the house. */
  readonly text: string;
}

/** p(cheap is enough), or why there is none: no answer in time, or none that can be used. Never rejects. */
export type Classify = (
  config: ClassifierConfig,
  question: ClassifyQuestion,
) => Promise<number | 'late' | 'failed'>;

/** What of a router outlives a restart; plain JSON. Tasks under way do not: in both arms alike. */
export interface SavedDesk {
  /** Fingerprint of the plan and its tiers: books about another router are none about this one. */
  readonly plan: string;
  readonly books: Books;
  readonly classifier: Asked;
}

export interface Asked {
  readonly asked: number;
  readonly late: number;
  readonly failed: number;
}

export interface DeskPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The last words of the user in a body of any protocol; empty where there are none. */
  readonly lastWords: (body: Uint8Array) => string;
  readonly classify: Classify;
  /** Tells other gateways what was seen here; absent where there are none, or no way to tell. */
  readonly tell?: TellEvidence;
}

export interface Assignment {
  readonly route: string;
  readonly config: RouterConfig;
  readonly plan: string;
}

export type Model = 'cheap' | 'dear';

interface Underway {
  readonly task: Task;
  readonly first: boolean;
  readonly choice: Model;
  /** What the classifier said; absent where nobody asked it, or it did not answer. */
  readonly p?: number;
}

/** Copies that are wanted and not yet answered. */
const COPIES = 1_000;

/** One route with a router: chooses, and keeps its books. */
export class Desk {
  readonly assignment: Assignment;
  private readonly ports: DeskPorts;
  private readonly keep: Bookkeeping;
  private readonly turns: Readonly<Record<Arm, Readonly<Record<Model, Turn>>>>;
  private readonly underway = new Map<ExchangeId, Underway>();
  private readonly copies = new Map<ExchangeId, Underway>();
  private readonly tasks: OpenTasks;
  private books: Books;
  private classifier: Asked;

  constructor(assignment: Assignment, ports: DeskPorts, saved?: SavedDesk) {
    const { route, config } = assignment;
    this.assignment = assignment;
    this.ports = ports;
    this.keep = bookkeeping(config);
    this.books = saved?.books ?? this.keep.open(ports.clock.now());
    this.classifier = saved?.classifier ?? { asked: 0, late: 0, failed: 0 };
    this.tasks = new OpenTasks((task) => this.close(task));
    const turn = (arm: Arm, model: Model): Turn => ({
      tier: config[model],
      by: `router:${route}`,
      reason: 'router_score',
      cell: `${arm}:${model}`,
    });
    const turns = (arm: Arm) => ({ cheap: turn(arm, 'cheap'), dear: turn(arm, 'dear') });
    this.turns = { router: turns('router'), frontier: turns('frontier') };
  }

  steer(question: SteerQuestion): Turn | undefined | Promise<Turn> {
    const { config, route } = this.assignment;
    const { id, at, tiers, facets, who, body } = question;
    // A caller whom only one of the models can answer is nobody to choose for.
    if (!tiers.includes(config.cheap) || !tiers.includes(config.dear)) return undefined;
    const text = this.ports.lastWords(body);
    const session = sessionOf(question, config.session)?.name;
    const wording = wordingOf(text);
    const task = this.tasks.join(session, at, wording, () => this.draw(id));
    const first = task.exchanges === 0 && task.pending === 1;
    const go = (choice: Model, p?: number): Turn => {
      const said = p !== undefined && { p };
      this.underway.set(id, { task, first, choice, ...said });
      if (this.ports.tell) {
        const { arm } = task;
        const named = session !== undefined && { session: [session, ...plain(wording)] as const };
        this.word({ open: { id, at, arm, choice, ...said, ...named } });
      }
      return this.turns[task.arm][choice];
    };
    if (task.arm === 'frontier') return go('dear');
    const rule = ruled(config.rules, facets, who.feature);
    const { classifier } = config;
    if (rule || !classifier) return go(rule ?? config.otherwise);
    const { feature } = who;
    return this.ports
      .classify(classifier, { route, ...(feature !== undefined && { feature }), facets, text })
      .then((p) => {
        this.count(p);
        this.word({ asked: p });
        // Late or broken, it must not make answers worse: that costs money, and is counted.
        return typeof p === 'number' ? go(p >= classifier.threshold ? 'cheap' : 'dear', p) : go('dear');
      });
  }

  ended(facts: ExchangeFacts): void {
    if (!this.underway.has(facts.id)) return;
    this.over(facts);
    if (!this.ports.tell) return;
    const { id, outcome, cost, tier, attempts } = facts;
    this.word({
      end: {
        id,
        outcome,
        cost: { state: cost.state, microUsd: cost.microUsd },
        tier: { served: tier.served },
        attempts: attempts.map(({ tier }) => ({ tier })),
      },
    });
  }

  /** What another gateway has seen is entered here as it was there. */
  hear(word: RouterWord): void {
    if ('asked' in word) this.count(word.asked);
    else if ('end' in word) this.over(word.end);
    else if ('pair' in word) this.enterPair(word.pair);
    else {
      const { id, at, arm, choice, p, session } = word.open;
      const [name, n, words, triples] = session ?? [undefined, 0, [], []];
      const task = this.tasks.join(name, at, wordingFrom(n, words, triples), () => arm);
      const first = task.exchanges === 0 && task.pending === 1;
      this.underway.set(id, { task, first, choice, ...(p !== undefined && { p }) });
    }
  }

  /** Goes on with the books of another gateway, which has seen more. */
  adopt({ books, classifier }: SavedDesk): void {
    this.books = books;
    this.classifier = classifier;
  }

  private word(word: RouterWord): void {
    const { route, plan } = this.assignment;
    this.ports.tell?.({ of: 'router', route, plan, word });
  }

  private over(facts: RoutedEnd): void {
    const { clock } = this.ports;
    const found = this.underway.get(facts.id);
    if (!found) return;
    this.underway.delete(facts.id);
    const { task, first } = found;
    if (facts.attempts.length > 0) this.enter(facts, found);
    this.tasks.ended(task, clock.now());
    this.tasks.sweep(clock.now());
    const { config } = this.assignment;
    if (task.arm !== 'router' || facts.attempts.length === 0) return;
    if (first)
      this.books = this.keep.decided(
        this.books,
        facts.attempts.some(({ tier }) => tier === config.dear),
      );
    if (copied(config, found.choice, facts)) {
      this.copies.set(facts.id, found);
      if (this.copies.size > COPIES) this.copies.delete(this.copies.keys().next().value as ExchangeId);
    }
  }

  /** The other model's tier, for those that were drawn when they ended. */
  shadow({ route, facts }: ShadowQuestion): ShadowOrder | undefined {
    const found = this.copies.get(facts.id);
    if (!found) return undefined;
    return orderOf(route, this.assignment.config, found.choice);
  }

  paired(pair: ShadowPair): void {
    this.enterPair(pair);
    this.word({ pair });
  }

  private enterPair({ served, shadow, agreement }: ShadowPair): void {
    const found = this.copies.get(served.exchange);
    if (!found) return;
    this.copies.delete(served.exchange);
    if (served.costState === 'unpriced' || shadow.costState === 'unpriced') return;
    const { choice, p } = found;
    const [cheap, dear] = choice === 'cheap' ? [served, shadow] : [shadow, served];
    // The dear answer is the measure of the cheap one: other tools than it called are the wrong ones.
    const wrong = !isGood(cheap.outcome) || (isGood(dear.outcome) && agreement.tools === false);
    this.books = this.keep.pair(this.books, {
      ...(p !== undefined && { p }),
      chosen: choice,
      cheap: { microUsd: cheap.microUsd, loss: wrong ? 1 : 0 },
      dear: { microUsd: dear.microUsd, loss: isGood(dear.outcome) ? 0 : 1 },
    });
  }

  /** For whoever shows it. */
  now() {
    this.tasks.sweep(this.ports.clock.now());
    const { books, classifier } = this;
    return { books, classifier, open: this.tasks.size, ...this.keep.read(books) };
  }

  save(): SavedDesk {
    const { books, classifier } = this;
    return { plan: this.assignment.plan, books, classifier };
  }

  private enter({ cost, outcome }: RoutedEnd, { task, first }: Underway): void {
    if (cost.state === 'unpriced') this.books = { ...this.books, unpriced: this.books.unpriced + 1 };
    const { classifier } = this.assignment.config;
    const asking = task.arm === 'router' && classifier ? Math.round(classifier.usdPerCall * 1e6) : 0;
    const microUsd = cost.microUsd + asking;
    task.exchanges++;
    task.microUsd += microUsd;
    if (first) task.firstMicroUsd = microUsd;
    task.resolved = isGood(outcome);
  }

  private close(task: Task): void {
    // Nobody was asked: it says nothing about either arm.
    if (task.exchanges === 0) return;
    const { verdict } = this.books.cost;
    const before = this.books.since;
    this.books = this.keep.close(this.books, task, this.ports.clock.now());
    const now = this.books.since === before ? this.books.cost.verdict : this.books.before?.verdict;
    if (now !== undefined && now !== verdict && now !== 'undecided')
      this.ports.log(now === 'loses' ? 'warn' : 'info', 'router.verdict', {
        route: this.assignment.route,
        verdict: now,
      });
  }

  /** Drawn by the task, not by the session: tasks of one user would else not be compared with each other, and a few users would be the yardstick. */
  private draw(id: ExchangeId): Arm {
    const { holdback } = this.assignment.config;
    return assign({ holdback, shadow: 0, threshold: 1 }, unit('arm', id), 0).arm;
  }

  private count(p: number | 'late' | 'failed'): void {
    const { asked, late, failed } = this.classifier;
    this.classifier = {
      asked: asked + 1,
      late: late + (p === 'late' ? 1 : 0),
      failed: failed + (p === 'failed' ? 1 : 0),
    };
  }
}

/** Only what the chosen model itself answered can be compared with the other. */
export const copied = (
  config: RouterConfig,
  choice: Model,
  { id, tier }: Pick<RoutedEnd, 'id' | 'tier'>,
): boolean => tier.served === config[choice] && unit('shadow', id) < config.shadow;

/** The tier of the other model. */
export function orderOf(route: Route, config: RouterConfig, choice: Model): ShadowOrder | undefined {
  const other = config[choice === 'cheap' ? 'dear' : 'cheap'];
  const tier = route.tiers.find(({ name }) => name === other);
  return tier && { tier, by: `router:${route.name}` };
}

export type DeskReading = ReturnType<Desk['now']>;

/** In [0, 1), for ever and on every gateway the same. */
const unit = (what: string, id: string): number =>
  Number.parseInt(sha256(`${what} ${id}`).slice(0, 13), 16) / 16 ** 13;
