import {
  type Exchange,
  type ExchangeDetail,
  type ExchangeId,
  exchangeFilterSchema,
  type Message,
  pageSchema,
  type StoredAsk,
} from '#contracts';
import { isExchangeId } from '#kernel';
import { endpoint } from '../http/endpoint.ts';
import { readPage } from '../http/page.ts';
import { badRequest, notFound, Refusal } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';

type Exchanges = ApiServices['store']['exchanges'];

export const exchangeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/exchanges',
    access: 'viewer',
    summary: 'Exchanges, newest first.',
    query: exchangeFilterSchema.extend(pageSchema.shape),
    answer: {
      schema: 'ExchangePage',
      says: 'One page; `next` is the cursor of the older one, also where the page is not full.',
    },
    handle: ({ query: { cursor, limit, ...filter } }, { services }) =>
      readPage({ cursor, limit }, (page) => services.store.exchanges.list(filter, page)),
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
      'The request body in the dialect of its caller, put together from what is stored; it can be sent again. Secrets are masked.',
    answer: { type: 'application/json', says: 'Equal in meaning to what came, not byte for byte.' },
    async handle({ params }, { services }) {
      const { exchange } = await find(services.store.exchanges, params.id);
      const ask = await askOf(services.store.exchanges, exchange);
      if (!ask) throw gone('ask', exchange.askRecord !== undefined);
      return whole(services, exchange.protocol, ask);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id/answer',
    access: 'viewer',
    summary:
      'The answer as stored: a list with one message per choice, as a client would send it back. Secrets are masked.',
    answer: { type: 'application/json', says: 'The messages.' },
    async handle({ params }, { services: { store } }) {
      const { exchange } = await find(store.exchanges, params.id);
      const answer = await answerOf(store.exchanges, exchange);
      if (!answer) throw gone('answer', exchange.answerRecord !== undefined);
      return answer.map(parse);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/exchanges/:id/neighbours',
    access: 'viewer',
    summary: 'Exchanges of the same task, else of the same thread, else of the same key.',
    query: pageSchema,
    answer: { schema: 'ExchangePage', says: 'One page.' },
    handle: ({ params, query }, { services }) =>
      readPage(query, (page) => services.store.exchanges.neighbours(idOf(params.id), page)),
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

/** Of a protocol that nobody here speaks (an import), the parts lie side by side. */
function whole(services: ApiServices, protocol: string, stored: StoredAsk): unknown {
  const parts = {
    envelope: parse(stored.envelope) as Readonly<Record<string, unknown>>,
    messages: stored.messages.map(parse),
    ...(stored.tools && { tools: parse(stored.tools) }),
    ...(stored.schema && { schema: parse(stored.schema) }),
  };
  const { envelope, ...rest } = parts;
  return services.rebuildAsk(protocol, parts) ?? { ...envelope, ...rest };
}

const parse = (body: Uint8Array): unknown => JSON.parse(utf8(body));

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
