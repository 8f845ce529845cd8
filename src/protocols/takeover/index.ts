import type { Takeovers } from '#contracts';
import { decode, encode, isObject, type Json, parseJson } from '../shared/json.ts';
import { SseReader } from '../shared/sse.ts';
import { ChatReader } from '../translate/chat/read-answer.ts';
import { MessagesReader } from '../translate/messages/read-answer.ts';
import { DIALECTS, type DialectName, type EventReader, type Sink } from '../translate/neutral.ts';
import { ResponsesReader } from '../translate/responses/read-answer.ts';
import { type AskForRest, askChat, askMessages, askResponses } from './ask.ts';
import { chatTail } from './chat.ts';
import { messagesTail } from './messages.ts';
import { responsesTail } from './responses.ts';
import { Rest } from './rest.ts';
import type { ReadTail, SentEvent } from './tail.ts';

/** One dialect: how its streams are gone on with, how it is asked for a rest, how a rest in it is read. */
interface Side {
  readonly tail: ReadTail;
  readonly ask: AskForRest;
  readonly reader: (sink: Sink) => EventReader;
  readonly maxEventBytes: number;
}

const MiB = 1024 * 1024;

const SIDES: Readonly<Record<DialectName, Side>> = {
  'openai-chat': {
    tail: chatTail,
    ask: askChat,
    reader: (sink) => new ChatReader(sink),
    maxEventBytes: MiB,
  },
  'openai-responses': {
    tail: responsesTail,
    ask: askResponses,
    reader: (sink) => new ResponsesReader(sink),
    maxEventBytes: 32 * MiB,
  },
  'anthropic-messages': {
    tail: messagesTail,
    ask: askMessages,
    reader: (sink) => new MessagesReader(sink),
    maxEventBytes: MiB,
  },
};

const sideOf = (protocol: string): Side | undefined => {
  const name = DIALECTS.find((dialect) => dialect === protocol);
  return name && SIDES[name];
};

export const takeovers: Takeovers = Object.freeze({
  begun(protocol, ask, sent) {
    const tail = sideOf(protocol)?.tail(jsonOf(ask), eventsOf(sent));
    if (!tail || tail.text.trim() === '') return undefined;
    return {
      text: tail.text,
      rest(from, by, before) {
        const { reader, maxEventBytes } = sideOf(from) as Side;
        return new Rest(tail, by, before, reader, maxEventBytes);
      },
    };
  },
  ask(protocol, body, text, by) {
    const said = sideOf(protocol)?.ask(jsonOf(body), text, by);
    return said && encode(JSON.stringify(said));
  },
} satisfies Takeovers);

function jsonOf(body: Uint8Array): Json {
  const value = parseJson(decode(body))?.value;
  return isObject(value) ? value : {};
}

function eventsOf(sent: Uint8Array): SentEvent[] {
  const events: SentEvent[] = [];
  const reader = new SseReader((name, data) => {
    const value = parseJson(data)?.value;
    if (isObject(value)) events.push({ name, data: value });
  }, sent.length);
  reader.push(sent);
  return events;
}
