import { Command } from 'commander';
import type { Attempt, Exchange, ExchangeDetail, Message, Part } from '#contracts';
import { bytes, compact, cost, count, dollars, shortHash, span } from '#contracts/say';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError } from './exit.ts';
import { findExchange } from './find-exchange.ts';
import { timestamp } from './format.ts';
import { ending, look } from './outcomes.ts';
import { facts, table } from './table.ts';
import {
  blue,
  bold,
  cyan,
  dim,
  green,
  magenta,
  type Paint,
  print,
  printJson,
  red,
  width,
  yellow,
} from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly attempts?: true;
  readonly ask?: true;
  readonly answer?: true;
  readonly curl?: true;
  readonly json?: true;
}

export const show = () =>
  withConnection(new Command('show'))
    .description('One exchange: how it ended, what it cost, what was asked and answered.')
    .argument('<exchange>', 'its id, the last characters of it, or `last`')
    .option('--attempts', 'the attempts alone, each with its timing, failure and cost')
    .option('--ask', 'the ask alone, as a conversation; with --json the body as it was sent')
    .option('--answer', 'the answer alone; with --json the messages as they came')
    .option('--curl', 'a curl line that asks the same again')
    .option('--json', 'print one JSON object')
    .action(run);

async function run(wanted: string, flags: Flags): Promise<void> {
  const { url, midwatch } = await connect(flags);
  const id = await findExchange(midwatch, wanted);
  if (flags.json && (flags.ask || flags.answer))
    return printJson(await (flags.ask ? midwatch.exchanges.ask(id) : midwatch.exchanges.answer(id)));
  const detail = await midwatch.exchanges.get(id);
  const { exchange } = detail;
  if (flags.curl) {
    const { open } = await midwatch.status();
    return print(curl(url, exchange.protocol, await midwatch.exchanges.ask(id), open));
  }
  if (flags.json) return printJson(flags.attempts ? exchange.attempts : detail);
  if (flags.attempts) return print(attempts(exchange.attempts));
  if (flags.ask) return print(conversation(detail.ask) || missing(detail));
  if (flags.answer) return print(conversation(detail.answer) || missing(detail));
  print(whole(detail, url));
}

function whole(detail: ExchangeDetail, url: string): string {
  const { exchange } = detail;
  const { paint } = look(exchange.outcome);
  const sections = [
    `${bold(paint(ending(exchange.outcome, exchange.failure?.kind)))}  ${bold(exchange.route)}  ${dim(exchange.id)}`,
    ...(exchange.failure ? [paint(exchange.failure.hint)] : []),
    '',
    facts(overview(detail)),
    '',
    attempts(exchange.attempts),
    ...(detail.ask.length + detail.answer.length > 0
      ? [
          '',
          rule('ask'),
          conversation(detail.ask),
          '',
          rule('answer'),
          conversation(detail.answer) || dim('(none)'),
        ]
      : ['', dim(missing(detail))]),
    '',
    dim(`${url}/exchanges/${exchange.id}`),
  ];
  return sections.join('\n');
}

function overview({
  exchange,
  axes,
  keyName,
}: ExchangeDetail): readonly (readonly [string, string | undefined])[] {
  const { ask, timing, usage, tier, observed, who, place } = exchange;
  const served = exchange.attempts.at(-1);
  return [
    ['at', timestamp(exchange.at)],
    [
      'asked',
      [ask.model, exchange.protocol, ask.stream ? 'stream' : 'unary', `status ${exchange.status}`]
        .filter(Boolean)
        .join(', '),
    ],
    [
      'served',
      isCanned(exchange)
        ? `${yellow('canned reply')} of tier ${tier.served}; no model answered`
        : served &&
          `${served.provider}/${observed.model ?? served.model}, tier ${tier.served}${tier.served === tier.intended ? '' : yellow(` instead of ${tier.intended}`)}`,
    ],
    ['demoted', demotion(tier)],
    [
      'verdicts',
      exchange.verdicts
        .map(({ decision, guard, evidence }) => `${decision} ${guard}${evidence ? `: ${evidence}` : ''}`)
        .join('; ') || undefined,
    ],
    [
      'observed',
      list({
        fingerprint: observed.fingerprint,
        'service tier': observed.serviceTier,
        region: observed.region,
      }),
    ],
    [
      'took',
      [
        span(timing.total),
        timing.firstToken !== undefined && ask.stream ? `first token ${span(timing.firstToken)}` : '',
        `${span(timing.overhead)} of it in Midwatch`,
        timing.gaps ? `gaps p50 ${span(timing.gaps.p50)}, max ${span(timing.gaps.max)}` : '',
      ]
        .filter(Boolean)
        .join(', '),
    ],
    ['tokens', tokens(usage)],
    ['cost', costOf(exchange.cost)],
    [
      'who',
      list({
        key: keyName ?? who.key,
        tenant: who.tenant,
        user: who.user,
        feature: who.feature,
        principal: who.principal,
      }),
    ],
    ['place', list({ ...place })],
    ['release', `${shortHash(exchange.release)}  ${dim(list(axes as Record<string, string>) ?? '')}`],
  ];
}

/** The caller got a whole answer, and no attempt is of the tier that gave it. */
const isCanned = ({ status, failure, attempts, tier }: Exchange): boolean =>
  status === 200 && failure !== undefined && attempts.every((attempt) => attempt.tier !== tier.served);

/** Also where nobody was asked, such as a canned reply that a rule sent. */
const demotion = ({ intended, served, demotedBy, reason, cell }: Exchange['tier']): string | undefined =>
  served === intended
    ? cell && `no, at ${intended} by ${cell}`
    : `${yellow(`${intended} → ${served}`)} by ${demotedBy ?? 'somebody unknown'}${reason === undefined ? '' : `, reason ${reason}`}${cell === undefined ? '' : `, cell ${cell}`}`;

function list(values: Readonly<Record<string, string | undefined>>): string | undefined {
  const text = Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${shortHash(value)}`]))
    .join(', ');
  return text || undefined;
}

const KINDS = {
  input: 'in',
  cacheRead: 'from cache',
  cacheWrite: 'to cache',
  cacheWriteLong: 'to long cache',
  output: 'out',
  reasoning: 'reasoning',
  audioIn: 'audio in',
  audioOut: 'audio out',
  imageIn: 'image in',
  imageOut: 'image out',
} as const;

function tokens(usage: Attempt['usage']): string {
  if (usage.basis === 'none') return dim('nothing to count');
  const parts = (Object.keys(KINDS) as (keyof typeof KINDS)[])
    .filter((kind) => usage[kind] > 0)
    .map((kind) => `${count(usage[kind])} ${KINDS[kind]}`);
  return `${parts.join(', ') || '0'}${usage.basis === 'estimated' ? yellow('  estimated: the provider reported none') : ''}`;
}

function costOf({ microUsd, state, parts, priceVersion }: Attempt['cost']): string {
  if (state === 'unpriced')
    return yellow('unpriced: no list knows this model; write its prices into the configuration');
  const detail = Object.entries(parts ?? {})
    .filter(([, amount]) => amount > 0)
    .map(([kind, amount]) => `${KINDS[kind as keyof typeof KINDS] ?? kind} ${dollars(amount)}`)
    .join(', ');
  return `${bold(cost(microUsd, state))}${detail ? dim(`  ${detail}`) : ''}${priceVersion ? dim(`  ${priceVersion}`) : ''}`;
}

function attempts(all: readonly Attempt[]): string {
  if (all.length === 0) return dim('no attempt was made');
  const rows = all.map((a) => [
    String(a.number),
    a.cause,
    look(a.outcome).paint(ending(a.outcome, a.failure?.kind)),
    `${a.provider}/${a.model}`,
    a.tier,
    a.status === undefined ? '' : String(a.status),
    a.timing.headers === undefined ? '' : span(a.timing.headers),
    a.timing.firstToken === undefined ? '' : span(a.timing.firstToken),
    span(a.timing.total),
    a.usage.basis === 'none'
      ? ''
      : `${compact(a.usage.input + a.usage.cacheRead + a.usage.cacheWrite + a.usage.cacheWriteLong + a.usage.audioIn + a.usage.imageIn)}→${compact(a.usage.output + a.usage.reasoning + a.usage.audioOut + a.usage.imageOut)}`,
    cost(a.cost.microUsd, a.cost.state),
    dim(a.providerRequestId ?? ''),
  ]);
  const right = { align: 'right' } as const;
  const lines = table(
    [
      { title: '#', ...right },
      { title: 'cause' },
      { title: 'ending' },
      { title: 'target' },
      { title: 'tier' },
      { title: 'http', ...right },
      { title: 'headers', ...right },
      { title: 'first', ...right },
      { title: 'total', ...right },
      { title: 'tokens', ...right },
      { title: 'cost', ...right },
      { title: 'request id' },
    ],
    rows,
  );
  const hints = all.flatMap((a) => (a.failure ? [dim(`  ${a.number}: ${a.failure.hint}`)] : []));
  return [lines, ...hints].join('\n');
}

const rule = (title: string): string =>
  dim(`── ${title} ${'─'.repeat(Math.max(0, Math.min(width(), 100) - title.length - 4))}`);

const ROLES: Readonly<Record<Message['role'], Paint>> = {
  system: magenta,
  developer: magenta,
  user: cyan,
  assistant: green,
  tool: blue,
};

function conversation(messages: readonly Message[]): string {
  return messages
    .map(
      ({ role, name, parts }) =>
        `${bold(ROLES[role](role))}${name ? dim(` ${name}`) : ''}\n${parts.map(part).join('\n')}`,
    )
    .join('\n\n');
}

function part(one: Part): string {
  switch (one.kind) {
    case 'text':
      return one.text;
    case 'reasoning':
      return dim(one.redacted ? '(reasoning, withheld by the provider)' : one.text);
    case 'refusal':
      return magenta(one.text);
    case 'tool_call':
      return `${yellow(`→ ${one.tool}`)} ${one.args}  ${dim(one.id)}`;
    case 'tool_result':
      return `${one.error ? red('← error') : blue('←')} ${one.text}  ${dim(one.id)}`;
    case 'other':
      return dim(`(${one.type}) ${one.json}`);
    default:
      return dim(`(${one.kind}${one.bytes === undefined ? '' : `, ${bytes(one.bytes)}`}) ${one.source}`);
  }
}

const WHY = {
  kept: 'Nothing was said.',
  not_recorded: 'This route records no bodies (`record: none`).',
  expired: 'The bodies are older than `retention.bodies`, or made room for newer ones.',
} as const;
const missing = ({ bodies, exchange }: ExchangeDetail): string =>
  bodies === 'not_recorded' && exchange.route === NO_ROUTE
    ? 'It was refused before a route was found, and only routes record bodies.'
    : WHY[bodies];
const NO_ROUTE = '-';

const PATHS: Readonly<Record<string, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'openai-embeddings': '/v1/embeddings',
  'anthropic-messages': '/v1/messages',
  'anthropic-count-tokens': '/v1/messages/count_tokens',
};

function curl(url: string, protocol: string, ask: unknown, open: boolean): string {
  const path = PATHS[protocol];
  if (path === undefined)
    throw new CliError(
      `Nobody here knows the path of protocol ${protocol}.`,
      'Use --ask --json for the body.',
    );
  const anthropic = protocol.startsWith('anthropic');
  return [
    `curl ${url}${path}`,
    `-H 'content-type: application/json'`,
    ...(anthropic ? [`-H 'anthropic-version: 2023-06-01'`] : []),
    ...(open
      ? []
      : [anthropic ? `-H "x-api-key: $MIDWATCH_KEY"` : `-H "authorization: Bearer $MIDWATCH_KEY"`]),
    `-d ${quote(JSON.stringify(ask))}`,
  ].join(' \\\n  ');
}

/** Single quotes for a POSIX shell: nothing inside is expanded; a quote itself has to step outside. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
