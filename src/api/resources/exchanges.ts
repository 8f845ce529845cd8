import {
  type Exchange,
  type ExchangeDetail,
  type ExchangeId,
  exchangeFilterSchema,
  type Message,
  pageSchema,
} from '#contracts';
import { isExchangeId } from '#kernel';
import { endpoint } from '../http/endpoint.ts';
import { badRequest, notFound, Refusal } from '../http/refusal.ts';
import { splice } from '../http/splice.ts';
import type { ApiServices } from '../services.ts';

type Exchanges = ApiServices['store']['exchanges'];

export const exchangeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/exchanges',
    access: 'viewer',
    summary: 'Exchanges, newest first.',
    query: exchangeFilterSchema.extend(pageSchema.shape),
    answer: { schema: 'ExchangePage', says: 'One page; `next` is the cursor of the older one.' },
    handle: ({ query: { cursor, limit, ...filter } }, { services }) =>
      services.store.exchanges.list(filter, { limit, ...(cursor !== undefined && { cursor }) }),
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id',
    access: 'viewer',
    summary: 'One exchange with attempts, axes, and ask and answer as a reader sees them.',
    answer: { schema: 'ExchangeDetail', says: 'The exchange.' },
    handle: ({ params }, { services }) => detail(services, params.id),
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id/ask',
    access: 'viewer',
    summary:
      'The ask as stored: envelope, tools, schema and messages, each as the caller wrote it, secrets masked.',
    answer: { schema: 'StoredAsk', says: 'Raw JSON.' },
    async handle({ params }, { services: { store } }) {
      const { exchange } = await find(store.exchanges, params.id);
      const ask = await askOf(store.exchanges, exchange);
      if (!ask) throw gone('ask', exchange.askRecord !== undefined);
      return splice({ envelope: ask.envelope, tools: ask.tools, schema: ask.schema, messages: ask.messages });
    },
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id/answer',
    access: 'viewer',
    summary: 'The answer as stored: one message per choice, as a client would send it back, secrets masked.',
    answer: { schema: 'StoredAnswer', says: 'Raw JSON.' },
    async handle({ params }, { services: { store } }) {
      const { exchange } = await find(store.exchanges, params.id);
      const answer = await answerOf(store.exchanges, exchange);
      if (!answer) throw gone('answer', exchange.answerRecord !== undefined);
      return splice({ messages: answer });
    },
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id/neighbours',
    access: 'viewer',
    summary: 'Exchanges of the same task, else of the same thread, else of the same key.',
    query: pageSchema,
    answer: { schema: 'ExchangePage', says: 'One page.' },
    handle: ({ params, query: { cursor, limit } }, { services }) =>
      services.store.exchanges.neighbours(idOf(params.id), {
        limit,
        ...(cursor !== undefined && { cursor }),
      }),
  }),
];

function idOf(text: string | undefined): ExchangeId {
  if (text && isExchangeId(text)) return text;
  throw badRequest(
    `"${text}" is not the id of an exchange.`,
    'Ids come in the header x-midwatch-exchange and look like 0199a0c4-….',
  );
}

async function find(exchanges: Exchanges, text: string | undefined) {
  const found = await exchanges.get(idOf(text));
  if (found) return found;
  throw notFound(
    `There is no exchange ${text}.`,
    'It may be a moment old and still in the spool, or older than retention.exchanges.',
  );
}

const askOf = async (exchanges: Exchanges, { at, askRecord }: Exchange) =>
  askRecord && (await exchanges.askBodies(at, askRecord));
const answerOf = async (exchanges: Exchanges, { at, answerRecord }: Exchange) =>
  answerRecord && (await exchanges.answerBodies(at, answerRecord));

async function detail(services: ApiServices, text: string | undefined): Promise<ExchangeDetail> {
  const { exchanges } = services.store;
  const { exchange, axes } = await find(exchanges, text);
  const [ask, answer] = await Promise.all([askOf(exchanges, exchange), answerOf(exchanges, exchange)]);
  const read = (bodies: readonly Uint8Array[] = []): Message[] =>
    bodies.flatMap((body) => services.readMessages(exchange.protocol, body));
  const keyName = exchange.who.key && services.keys.nameOf(exchange.who.key);
  const expired = (exchange.askRecord && !ask) || (exchange.answerRecord && !answer);
  return {
    exchange,
    axes,
    ask: read(ask?.messages),
    answer: read(answer),
    ...(ask?.tools && { tools: utf8(ask.tools) }),
    ...(ask && { envelope: utf8(ask.envelope) }),
    ...(keyName && { keyName }),
    bodies: expired ? 'expired' : exchange.askRecord ? 'kept' : 'not_recorded',
  };
}

const utf8 = (body: Uint8Array): string => new TextDecoder().decode(body);

const gone = (what: 'ask' | 'answer', recorded: boolean): Refusal =>
  recorded
    ? new Refusal(
        410,
        'body_expired',
        `The ${what} is older than retention.bodies and was dropped.`,
        'The facts of the exchange remain; raise retention.bodies to keep bodies longer.',
      )
    : notFound(
        `This exchange has no recorded ${what}.`,
        what === 'answer'
          ? 'There was no answer, or its route records no bodies.'
          : 'Its route records no bodies (record: none).',
      );
