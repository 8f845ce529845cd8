import { type CassetteFiles, type Cassettes, createCassettes, type Mode } from '#cassettes';
import type { Transport } from '#contracts';
import { seeded, sha256, systemClock } from '#kernel';
import { createRedactor } from '#telemetry';
import type { SceneContext } from './define.ts';
import type { Question, Rehearsal, Seen } from './rehearsal.ts';

/** A provider that takes ten to thirty seconds for a call, as in the catalogue. */
const worldOf = (timeline: readonly object[]): string =>
  JSON.stringify({
    models: {
      dev: {
        firstToken: { median: 18_000, sigma: 0.2 },
        gap: { median: 5, sigma: 0.3 },
        tokens: { median: 40 },
      },
    },
    timeline,
  });
const CONFIG = JSON.stringify({
  providers: { sim: { kind: 'simulator', prices: { dev: { input: 2.5, output: 15 } } } },
  routes: { dev: { tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: 'dev' }] }] } },
});

const redactor = createRedactor();
const mask = (text: string) => redactor.secrets(text).text;

export type Shelf = CassetteFiles & { readonly texts: ReadonlyMap<string, string> };

/** A folder of cassettes in memory. */
export function shelf(): Shelf {
  const texts = new Map<string, string>();
  return {
    texts,
    list: () => [...texts.keys()],
    read: (name) => texts.get(name),
    write: (name, text) => texts.set(name, text),
    remove: (name) => texts.delete(name),
  };
}

export interface Desk extends Rehearsal {
  /** Absent where there are no cassettes between gateway and provider. */
  readonly tape: Cassettes | undefined;
  /** Past the cassettes, to the provider. */
  readonly live: Transport | undefined;
}

/** The gateway of somebody who develops: real routes, a slow provider that is paid, and cassettes between them or not. */
export function desk(
  { rehearse }: SceneContext,
  mode: Mode | undefined,
  files: CassetteFiles,
  exhausted: 'miss' | 'last' = 'miss',
  timeline: readonly object[] = [],
): Desk {
  let tape: Cassettes | undefined;
  let live: Transport | undefined;
  const rehearsal = rehearse({
    world: worldOf(timeline),
    config: CONFIG,
    ...(mode && {
      around: (inner, clock) => {
        live = inner;
        tape = createCassettes({ inner, mode, files, clock, mask, exhausted, speed: 'instant', bill });
        return tape.transport;
      },
    }),
  });
  return { ...rehearsal, tape, live };
}

/** The same price for every call, so that shares of calls are shares of dollars. */
const bill = () => ({ tokens: 200, microUsd: 1_000 });

const CHAT = '/v1/chat/completions';

export const SUITE = 200;
export const STEPS = 20;

/** Whatever changes from run to run without a say in the answer. */
const volatileOf = (run: number) => ({
  user: `runner-${run}`,
  metadata: { run: `${run}`, host: `ci-${run % 7}` },
  prompt_cache_key: `${run}`,
  safety_identifier: `r${run}`,
});

/** A test of the suite; a tenth of them ask what another has asked. */
export const caseOf = (i: number, run: number): Question =>
  i % 4 === 3
    ? {
        path: '/v1/messages',
        headers: { 'anthropic-version': '2023-06-01' },
        body: {
          model: 'dev',
          max_tokens: 300,
          metadata: { user_id: `runner-${run}` },
          messages: [{ role: 'user', content: `What is ${i % 180}*23?` }],
        },
      }
    : {
        path: CHAT,
        body: {
          ...volatileOf(run),
          model: 'dev',
          stream: i % 2 === 0,
          temperature: 0.2,
          messages: [{ role: 'user', content: `What is ${i % 180}*17?` }],
        },
      };

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'lookup',
      description: 'Looks an order up.',
      parameters: { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] },
    },
  },
];

interface ToolCall {
  readonly id: string;
}

/** An agent of twenty steps that calls a tool at every other one; its framework draws the ids of calls anew for each run. */
async function agent(desk: Desk, run: number): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const messages: object[] = [{ role: 'system', content: 'You serve orders.' }];
  for (let step = 0; step < STEPS; step++) {
    if (step % 2 === 0) messages.push({ role: 'user', content: `Use lookup for order ${1_000 + step}.` });
    const answer = await desk.send({
      path: CHAT,
      body: { ...volatileOf(run), model: 'dev', tools: TOOLS, messages: [...messages] },
    });
    seen.push(answer);
    const { message } = JSON.parse(answer.body).choices?.[0] ?? {};
    if (!message) return seen;
    const calls = ((message.tool_calls ?? []) as ToolCall[]).map((call, n) => ({
      ...call,
      id: `call_${run}_${step}_${n}`,
    }));
    messages.push({ ...message, ...(calls.length > 0 && { tool_calls: calls }) });
    for (const { id } of calls)
      messages.push({ role: 'tool', tool_call_id: id, content: '{"state":"sent"}' });
  }
  return seen;
}

export interface Run {
  readonly calls: number;
  /** Over every byte that a caller got, in order. */
  readonly digest: string;
  readonly good: number;
  /** That crossed to the provider. */
  readonly upstream: number;
  readonly microUsd: number;
  readonly ms: number;
  /** By the clock on the wall: what gateway and cassettes themselves take. */
  readonly wall: number;
}

const wall = systemClock();

/** The whole suite at once, then the agent, as one run of a test job. */
export async function runOf(desk: Desk, run: number): Promise<Run> {
  const { clock, finished, crossings } = desk;
  const [records, crossed, began] = [finished.length, crossings.length, clock.monotonic()];
  const started = wall.monotonic();
  desk.tape?.rewind();
  const tests = await desk.run(
    Promise.all(Array.from({ length: SUITE }, (_, i) => desk.send(caseOf(i, run)))),
  );
  const steps = await desk.run(agent(desk, run));
  desk.tape?.flush();
  const all = [...tests, ...steps];
  return {
    calls: all.length,
    digest: sha256(all.map(({ status, body }) => `${status} ${body}`).join('\0')),
    good: all.filter(({ status, broken }) => status === 200 && !broken).length,
    upstream: crossings.length - crossed,
    microUsd: finished.slice(records).reduce((sum, { facts }) => sum + facts.cost.microUsd, 0),
    ms: clock.monotonic() - began,
    wall: wall.monotonic() - started,
  };
}

/** One question that is edited in many ways. */
const base = () => ({
  model: 'dev',
  temperature: 0.2,
  messages: [
    { role: 'system', content: 'You are terse.' },
    { role: 'user', content: 'Where is my parcel?' },
  ],
  tools: structuredClone(TOOLS) as { function: { name: string; parameters: { properties: object } } }[],
});
export const original = (): Question => ({ path: CHAT, body: base() });

/** The i-th edit of prompt, tool schema or parameter: none is the original, and none is another's. */
export function edit(i: number, random: () => number): Question {
  const body = base() as ReturnType<typeof base> & Record<string, unknown>;
  const message = body.messages[i % 2] as { content: string };
  const at = Math.floor(random() * message.content.length);
  const tool = body.tools[0]?.function;
  switch (i % 8) {
    case 0:
    case 1:
      message.content = `${message.content.slice(0, at)}${message.content[at] === '~' ? '-' : '~'}${message.content.slice(at + 1)}`;
      break;
    case 2:
      message.content = `${message.content} `;
      break;
    case 3:
      body.temperature = 0.2 + (i + 1) / 10_000;
      break;
    case 4:
      if (tool) tool.parameters.properties = { order: { type: 'string', maxLength: i } };
      break;
    case 5:
      if (tool) tool.name = `lookup_${i}`;
      break;
    case 6:
      body.max_tokens = 1 + i;
      break;
    default:
      body.stop = [`end ${i}`];
  }
  return { path: CHAT, body };
}

/** The original with other volatile fields and its members in another order. */
export function shuffled(i: number, random: () => number): Question {
  const members = Object.entries({ ...base(), ...volatileOf(i) });
  return {
    path: CHAT,
    body: Object.fromEntries(members.toSorted(() => random() - 0.5)),
  };
}

const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const PREFIXES = ['sk-proj-', 'sk-ant-api03-', 'ghp_', 'mw_'];

/** Credentials in prompts, in what a model spells back over many events, in tool arguments and in fields of their own. */
export function planted(
  n: number,
  seed: number,
): readonly { readonly secret: string; readonly question: Question }[] {
  const random = seeded(`F31 secrets ${seed}`);
  const draw = () =>
    Array.from({ length: 36 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
  return Array.from({ length: n }, (_, i) => {
    const secret = `${PREFIXES[i % PREFIXES.length]}${draw()}`;
    const say = (content: string, more: object = {}) => ({
      path: CHAT,
      body: { model: 'dev', messages: [{ role: 'user', content }], ...more },
    });
    const questions: readonly Question[] = [
      say(`echo: the key is ${secret} and no other`, { stream: true }),
      say(`echo: ${secret}`),
      say(`What is ${i}*3? My key is ${secret}.`),
      say(`What is ${i}*5?`, {
        tools: [
          {
            type: 'function',
            function: {
              name: 'pay',
              description: `uses ${secret}`,
              parameters: { type: 'object', properties: {} },
            },
          },
        ],
      }),
      { ...say(`What is ${i}*7?`), headers: { authorization: `Bearer ${secret}`, 'x-trace': secret } },
    ];
    return { secret, question: questions[i % questions.length] as Question };
  });
}

/** Whether some stretch of a secret stands in a file, also where a stream spells it piece by piece. */
export function leaked(secret: string, files: Shelf): boolean {
  const middle = secret.slice(-24, -4);
  return [...files.texts.values()].some((text) => text.includes(middle) || spelled(text).includes(middle));
}

/** What a person would read: the pieces of each stream put together. */
const spelled = (text: string): string =>
  [...text.matchAll(/\\"content\\":\\"(.*?)\\"/g)].map((match) => match[1]).join('');

/** What is wrong with answers of today that cassettes of yesterday do not know; `wording` alone is no drift, it is a model. */
export const DRIFTS = {
  'another model': [{ fault: 'alias-flip', with: { to: 'dev-2' } }],
  'another end': [{ fault: 'length' }],
  'a refusal': [{ fault: 'content-filter' }],
} as const satisfies Readonly<Record<string, readonly object[]>>;
export const REWORDED = [{ fault: 'alias-flip', with: { name: false, fingerprint: false, wording: true } }];

export interface Checked {
  readonly drifted: number;
  readonly unknown: number;
  readonly n: number;
}

/** Questions recorded of the provider as it was, every one of them asked again of the provider as it is. */
export async function verified(context: SceneContext, n: number, now: readonly object[]): Promise<Checked> {
  const files = shelf();
  const recorder = desk(context, 'record', files);
  await recorder.run(Promise.all(Array.from({ length: n }, (_, i) => recorder.send(caseOf(i, 0)))));
  recorder.tape?.flush();
  const { tape, live, run } = desk(context, 'replay', files, 'miss', now);
  if (!tape || !live) throw new Error('a desk with cassettes has both');
  const { cassettes } = await run(
    tape.check({
      live,
      sample: n,
      request: ({ method, path, headers, body }) => ({
        url: `http://provider.invalid${path}`,
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        body: new TextEncoder().encode(JSON.stringify(body)),
      }),
    }),
  );
  const count = (verdict: string) => cassettes.filter((one) => one.verdict === verdict).length;
  return { drifted: count('drifted'), unknown: count('unknown'), n: cassettes.length };
}

/** The questions of a month of development: new ones, and of the dollars this share for what had been asked before. */
export function month(calls: number, share: number, seed: number): readonly Question[] {
  const random = seeded(`F31 month ${seed}`);
  let distinct = 0;
  return Array.from({ length: calls }, () => {
    const known = distinct > 0 && random() < share;
    const i = known ? Math.floor(random() * distinct) : distinct++;
    return { path: CHAT, body: { model: 'dev', messages: [{ role: 'user', content: `What is ${i}*41?` }] } };
  });
}

export const distinctIn = (questions: readonly Question[]): number =>
  new Set(questions.map(({ body }) => JSON.stringify(body))).size;
