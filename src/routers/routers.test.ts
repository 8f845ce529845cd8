import { expect, test } from 'bun:test';
import {
  type AskFacets,
  type Attempt,
  type Config,
  type ConfigInput,
  configSchema,
  type ExchangeFacts,
  type ExchangeId,
  NO_COST,
  NO_USAGE,
  type Outcome,
  type ShadowSide,
  type SteerQuestion,
  type Turn,
} from '#contracts';
import { exchangeIds, virtualClock } from '#kernel';
import { type Classify, createRouters, type RoutersSnapshot } from './index.ts';

type RouterInput = NonNullable<NonNullable<ConfigInput['routes']>[string]['router']>;

const ROUTER: RouterInput = {
  cheap: 'small',
  dear: 'large',
  rules: [
    { take: 'cheap', features: ['faq'] },
    { take: 'dear', tools: 1 },
  ],
  otherwise: 'cheap',
  expectedEscalation: 0.3,
  tasks: 500,
};
const routesOf = (router: Partial<RouterInput>): Config['routes'] =>
  configSchema.parse({
    routes: {
      chat: {
        tiers: [
          { name: 'large', targets: [{ provider: 'p', model: 'l' }] },
          { name: 'small', targets: [{ provider: 'p', model: 's' }] },
        ],
        router: { ...ROUTER, ...router },
      },
    },
  }).routes;

const FACETS: AskFacets = {
  model: 'm',
  stream: false,
  turns: 1,
  tools: 0,
  images: 0,
  audios: 0,
  structured: false,
  choices: 1,
  stops: 0,
  bytes: 100,
};

interface End {
  readonly outcome?: Outcome;
  readonly microUsd?: number;
  /** Tiers asked, in order; the last one served. */
  readonly tiers?: readonly string[];
  readonly unpriced?: true;
}

function house(router: Partial<RouterInput> = {}, saved?: RoutersSnapshot, classify?: Classify) {
  const clock = virtualClock({ seed: 1 });
  const nextId = exchangeIds(clock);
  const events: string[] = [];
  const routers = createRouters({
    clock,
    log: (_, event) => events.push(event),
    routes: routesOf(router),
    lastWords: (body) => new TextDecoder().decode(body),
    classify: classify ?? (() => Promise.resolve('failed')),
    ...(saved && { saved }),
  });
  const question = (text: string, more: Partial<SteerQuestion> = {}): SteerQuestion => ({
    id: nextId(),
    at: clock.now(),
    route: { name: 'chat', config: routesOf({}).chat as Config['routes'][string], tiers: [] },
    tiers: ['large', 'small'],
    facets: FACETS,
    body: new TextEncoder().encode(text),
    who: {},
    place: {},
    lane: 'normal',
    ...more,
  });
  const steer = (asked: SteerQuestion): Turn => {
    const turn = routers.steerer.steer(asked);
    if (!turn || turn instanceof Promise) throw new Error('a turn at once');
    return turn;
  };
  const end = ({ id, at, facets, place, who }: SteerQuestion, turn: Turn, how: End = {}): ExchangeFacts => {
    const { outcome = 'complete', microUsd = turn.tier === 'large' ? 1_000 : 100, tiers = [turn.tier] } = how;
    const facts: ExchangeFacts = {
      id,
      at,
      kind: 'model',
      source: 'gateway',
      route: 'chat',
      protocol: 'openai-chat',
      observed: {},
      who,
      place,
      ask: facets,
      attempts: tiers.map((tier) => ({ tier }) as Attempt),
      verdicts: [],
      tier: { intended: 'large', served: tiers.at(-1) ?? 'large', ...(turn.cell && { cell: turn.cell }) },
      outcome,
      usage: NO_USAGE,
      cost: { ...NO_COST, microUsd, state: how.unpriced ? 'unpriced' : 'exact' },
      timing: { queued: 0, total: 1, overhead: 0 },
      status: 200,
      record: 'full',
    };
    routers.steerer.ended?.(facts);
    return facts;
  };
  const ask = (text: string, more: Partial<SteerQuestion> = {}, how?: End) => {
    const asked = question(text, more);
    const turn = steer(asked);
    return { turn, facts: end(asked, turn, how) };
  };
  const view = () => {
    const [only] = routers.read();
    if (!only) throw new Error('no router');
    return only;
  };
  const wait = (ms: number) => clock.run(clock.sleep(ms));
  return { routers, events, clock, question, steer, end, ask, view, wait };
}

const words = (i: number) => `question ${i} of somebody about the thing number ${i} in the cellar`;
const alone = { holdback: 0.01 };

test('rules in their order, then what is otherwise; a share of the tasks is held back', () => {
  const { ask, view } = house();
  const cells = new Map<string, number>();
  for (let i = 0; i < 2_000; i++) {
    const { turn } = ask(words(i), { facets: { ...FACETS, tools: i % 2 } });
    cells.set(turn.cell ?? '', (cells.get(turn.cell ?? '') ?? 0) + 1);
    expect(turn.tier).toBe(turn.cell?.endsWith('cheap') ? 'small' : 'large');
  }
  expect([...cells.keys()].sort()).toEqual(['frontier:dear', 'router:cheap', 'router:dear']);
  expect(cells.get('frontier:dear')).toBeGreaterThan(150);
  expect(cells.get('frontier:dear')).toBeLessThan(250);
  const faq = { who: { feature: 'faq' }, facets: { ...FACETS, tools: 3 } };
  expect(Array.from({ length: 20 }, () => ask('hi', faq).turn.tier)).toContain('small');
  expect(view().escalation.declared).toBe(0.3);
});

test('a repeat belongs to its task with its money and its arm, and makes the answer before it a bad one', async () => {
  const { ask, view, wait } = house(alone);
  const place = { thread: 't' };
  const first = ask(words(1), { place }, { microUsd: 100 });
  await wait(60_000);
  const repeat = ask(`${words(1)} please`, { place }, { microUsd: 1_000, outcome: 'length' });
  expect(repeat.turn.cell?.split(':')[0]).toBe(first.turn.cell?.split(':')[0] as string);
  expect(view().tasks).toMatchObject({ open: 1, closed: 0 });
  ask('something else altogether, namely the weather in Bremen', { place }, { microUsd: 10 });
  const arm = first.turn.cell?.startsWith('router') ? view().router : view().frontier;
  expect(arm).toMatchObject({ tasks: 1, exchanges: 2, solved: 0, microUsd: 1_100 });
  await wait(600_001);
  expect(view().tasks).toMatchObject({ open: 0, closed: 2 });
});

test('who names no session has a task an exchange, and parallel asks of one session are one task', async () => {
  const { ask, question, steer, end, view, wait } = house(alone);
  ask(words(1));
  ask(words(1));
  expect(view().tasks).toMatchObject({ open: 0, closed: 2 });
  const place = { thread: 't' };
  const asked = [question(words(2), { place }), question(words(2), { place })];
  const turns = asked.map(steer);
  await wait(900_000);
  for (const [i, one] of asked.entries()) end(one, turns[i] as Turn);
  expect(view().tasks).toMatchObject({ open: 1, closed: 2 });
  await wait(600_001);
  expect(view().tasks).toMatchObject({ open: 0, closed: 3 });
});

test('escalated is whoever was answered by the dear model, by choice or as the catch of the cheap one', () => {
  const { ask, view } = house(alone);
  for (let i = 0; i < 300; i++)
    ask(words(i), {}, i % 2 ? {} : { tiers: ['small', 'large'], microUsd: 1_100 });
  const { escalation } = view();
  expect(escalation.estimate).toBeGreaterThan(0.4);
  expect(escalation.finding).toBe('above');
});

test('repeats at the dear price make a loser of a router that saves on paper; new books begin with the next task', () => {
  const { ask, view, events } = house({ ...alone, holdback: 0.2 });
  for (let i = 0; view().before === undefined && i < 600; i++) {
    const place = { thread: `t${i}` };
    const { turn } = ask(words(i), { place });
    if (turn.tier === 'small') {
      ask(`${words(i)} please`, { place, facets: { ...FACETS, tools: 1 } });
      ask(`${words(i)} please!`, { place, facets: { ...FACETS, tools: 1 } });
    }
    ask('bye', { place });
  }
  const { verdict, before, tasks, says, onPaper } = view();
  expect(verdict).toBe('loses');
  expect(before).toMatchObject({ verdict: 'loses' });
  expect(before?.difference?.lower).toBeGreaterThan(0);
  expect(tasks.closed).toBeLessThan(5);
  expect(says).toContain('by the books before these');
  expect(onPaper ?? 0).toBeLessThanOrEqual(1);
  expect(events).toEqual(['router.verdict']);
});

test('a classifier decides where no rule speaks; late and broken it costs money, not answers', async () => {
  const answers: (number | 'late' | 'failed')[] = [0.9, 0.2, 'late', 'failed'];
  const texts: string[] = [];
  const { routers, question, end, view } = house(
    { holdback: 0.01, classifier: { url: 'http://127.0.0.1:1/', usdPerCall: 0.0001 } },
    undefined,
    async (_, { text }) => {
      texts.push(text);
      return answers.shift() ?? 'failed';
    },
  );
  const tiers: string[] = [];
  for (let i = 0; i < 4; i++) {
    const asked = question(words(i));
    const turn = await routers.steerer.steer(asked);
    tiers.push(turn?.tier ?? '');
    end(asked, turn as Turn);
  }
  expect(tiers).toEqual(['small', 'large', 'large', 'large']);
  expect(texts[0]).toBe(words(0));
  expect(view().classifier).toEqual({ asked: 4, late: 1, failed: 1, threshold: 0.5, pairs: 0, wanted: 100 });
  expect(view().router.microUsd).toBe(100 + 3_000 + 4 * 100);
});

test('both models are asked for some, and the table says who was right', () => {
  const { ask, routers, view, question } = house({ ...alone, shadow: 0.05 });
  const side = (exchange: ExchangeId, microUsd: number, outcome: Outcome): ShadowSide => ({
    exchange,
    target: '',
    outcome,
    length: 1,
    tools: [],
    totalMs: 1,
    microUsd,
    costState: 'exact',
  });
  const route = {
    name: 'chat',
    config: question('').route.config,
    tiers: [
      { name: 'large', targets: [] },
      { name: 'small', targets: [] },
    ],
  };
  let copies = 0;
  for (let i = 0; i < 2_000; i++) {
    const { turn, facts } = ask(words(i));
    const order = routers.shadower.shadow({ route, facts });
    if (!order) continue;
    expect(turn.cell).toBe('router:cheap');
    expect(order).toMatchObject({ by: 'router:chat', tier: { name: 'large' } });
    copies++;
    routers.shadower.paired?.({
      at: 0,
      route: 'chat',
      by: order.by,
      served: side(facts.id, 100, copies % 4 === 0 ? 'length' : 'complete'),
      shadow: side(question('').id, 1_000, 'complete'),
      agreement: { good: true, end: true },
    });
  }
  expect(copies).toBeGreaterThan(60);
  expect(copies).toBeLessThan(140);
  expect(view().regret).toMatchObject({ pairs: copies, rightDear: { estimate: 0 } });
  expect(view().regret?.falseCheap.estimate).toBeCloseTo(0.25, 1);
});

test('pairs suggest a threshold for the classifier', async () => {
  const { routers, question, end, view } = house(
    { holdback: 0.01, shadow: 0.05, badAnswerUsd: 0.02, classifier: { url: 'http://127.0.0.1:1/' } },
    undefined,
    async (_, { text }) => (Number(text.split(' ')[1]) % 100) / 100,
  );
  const route = {
    name: 'chat',
    config: question('').route.config,
    tiers: [
      { name: 'large', targets: [] },
      { name: 'small', targets: [] },
    ],
  };
  const side = {
    target: '',
    length: 1,
    tools: [],
    totalMs: 1,
    costState: 'exact',
    outcome: 'complete',
  } as const;
  for (let i = 0, pairs = 0; pairs < 300 && i < 20_000; i++) {
    const asked = question(words(i));
    const turn = (await routers.steerer.steer(asked)) as Turn;
    const facts = end(asked, turn);
    if (!routers.shadower.shadow({ route, facts })) continue;
    pairs++;
    // The cheap answer is good as often as the classifier says.
    const enough = (i * 37) % 101 < i % 100;
    const cheap = { ...side, microUsd: 100, ...(!enough && { outcome: 'length' as const }) };
    const dear = { ...side, microUsd: 1_000 };
    const [served, shadow] = turn.tier === 'small' ? [cheap, dear] : [dear, cheap];
    routers.shadower.paired?.({
      at: 0,
      route: 'chat',
      by: 'router:chat',
      served: { ...served, exchange: facts.id },
      shadow: { ...shadow, exchange: question('').id },
      agreement: { good: enough, end: enough },
    });
  }
  // 100 + 20,000·(1 − p) < 1,000 where p > 0.955.
  const { tuned, classifier } = view();
  expect(classifier).toMatchObject({ pairs: 300, wanted: 100, threshold: 0.5 });
  expect(classifier?.calibration?.bins).toHaveLength(10);
  expect(classifier?.calibration?.cheap?.n).toBeGreaterThan(100);
  expect(tuned?.verdict).toBe('better');
  expect(tuned?.gain.lower).toBeGreaterThan(0);
  expect(tuned?.threshold).toBeGreaterThan(0.8);
  expect(tuned?.microUsd).toBeLessThan(tuned?.present as number);
});

test('nobody asked, nobody judged; what has no price is said', () => {
  const { ask, view } = house(alone);
  ask(words(1), {}, { tiers: [], outcome: 'error' });
  expect(view()).toMatchObject({ tasks: { closed: 0 }, escalation: { n: 0 } });
  ask(words(2), {}, { unpriced: true });
  expect(view().unpriced).toBe(1);
});

test('the books outlive a restart and a reload of the same plan; another plan begins new ones', () => {
  const first = house(alone);
  for (let i = 0; i < 50; i++) first.ask(words(i));
  const saved = JSON.parse(JSON.stringify(first.routers.snapshot())) as RoutersSnapshot;
  // What somebody asked is nowhere in it.
  expect(JSON.stringify(saved)).not.toContain('cellar');
  const again = house(alone, saved);
  expect(again.view()).toEqual(first.view());
  again.routers.reload(routesOf(alone));
  expect(again.view()).toEqual(first.view());
  again.routers.reload(routesOf({ ...alone, otherwise: 'dear' }));
  expect(again.events).toEqual(['router.anew']);
  expect(again.view().tasks.closed).toBe(0);
});
