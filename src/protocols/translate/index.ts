import type { Result, StreamTranslator, TranslateContext, Translator } from '#contracts';
import { err, ok } from '#contracts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import { failure } from '../shared/failures.ts';
import { decode, decodeAnswer, encode, isObject, type Json, parseJson } from '../shared/json.ts';
import { type Answer, Assembler } from './assembler.ts';
import { ChatReader } from './chat/read-answer.ts';
import { readChatAsk } from './chat/read-ask.ts';
import { ChatWriter, writeChatAnswer } from './chat/write-answer.ts';
import { writeChatAsk } from './chat/write-ask.ts';
import { MessagesReader } from './messages/read-answer.ts';
import { readMessagesAsk } from './messages/read-ask.ts';
import { MessagesWriter, writeMessagesAnswer } from './messages/write-answer.ts';
import { writeMessagesAsk } from './messages/write-ask.ts';
import { type Ask, DIALECTS, type DialectName, type EventReader, type Sink } from './neutral.ts';
import { Notes } from './notes.ts';
import { ResponsesReader } from './responses/read-answer.ts';
import { readResponsesAsk } from './responses/read-ask.ts';
import { ResponsesWriter, writeResponsesAnswer } from './responses/write-answer.ts';
import { writeResponsesAsk } from './responses/write-ask.ts';
import { Relay } from './stream.ts';
import type { StreamWriter } from './writer.ts';

export { type LossRow, losses, lossesOf } from './losses.ts';
export { withoutForeignThoughts } from './seal.ts';

/** One dialect's readers and writers. Six pairs are made of three of these. */
interface Side {
  readonly check: (body: Uint8Array) => Result<unknown>;
  readonly readAsk: (ask: Json, notes: Notes) => Ask;
  readonly writeAsk: (ask: Ask, options: Parameters<Translator['ask']>[1], notes: Notes) => Json;
  readonly reader: (sink: Sink) => EventReader;
  readonly whole: (answer: Json, sink: Sink) => void;
  /** An event may be as large as its own scanner lets it be. */
  readonly maxEventBytes: number;
  /** `by` is the dialect of the target. */
  readonly writeAnswer: (answer: Answer, by: DialectName, context: TranslateContext) => Json | undefined;
  readonly writer: (by: DialectName, context: TranslateContext) => StreamWriter;
}

const MiB = 1024 * 1024;

const SIDES: Readonly<Record<DialectName, Side>> = {
  'openai-chat': {
    check: openaiChat.readAsk,
    readAsk: readChatAsk,
    writeAsk: writeChatAsk,
    reader: (sink) => new ChatReader(sink),
    whole(answer, sink) {
      const reader = new ChatReader(sink);
      reader.event('', answer);
      reader.finish();
    },
    maxEventBytes: MiB,
    writeAnswer: writeChatAnswer,
    writer: (by, context) => new ChatWriter(by, context),
  },
  'openai-responses': {
    check: openaiResponses.readAsk,
    readAsk: readResponsesAsk,
    writeAsk: writeResponsesAsk,
    reader: (sink) => new ResponsesReader(sink),
    whole: (answer, sink) => new ResponsesReader(sink).response(answer),
    maxEventBytes: 32 * MiB,
    writeAnswer: writeResponsesAnswer,
    writer: (by, context) => new ResponsesWriter(by, context),
  },
  'anthropic-messages': {
    check: anthropicMessages.readAsk,
    readAsk: readMessagesAsk,
    writeAsk: writeMessagesAsk,
    reader: (sink) => new MessagesReader(sink),
    whole: (answer, sink) => new MessagesReader(sink).message(answer),
    maxEventBytes: MiB,
    writeAnswer: writeMessagesAnswer,
    writer: (by, context) => new MessagesWriter(by, context),
  },
};

const translate = (from: DialectName, to: DialectName): Translator => {
  const [caller, target] = [SIDES[from], SIDES[to]];
  return Object.freeze({
    from,
    to,
    ask(body, options) {
      const readable = caller.check(body);
      if (!readable.ok) return readable;
      const parsed = parseJson(decode(body))?.value;
      const notes = new Notes(to);
      const said = target.writeAsk(caller.readAsk(isObject(parsed) ? parsed : {}, notes), options, notes);
      if (notes.refusal) return err(notes.refusal);
      return ok({ body: encode(JSON.stringify(said)), losses: notes.losses });
    },
    answer(body, context) {
      const parsed = parseJson(decodeAnswer(body))?.value;
      const said = new Assembler();
      if (isObject(parsed)) target.whole(parsed, said);
      if (!said.last) return err(failure('malformed', 'The answer is none, or says not how it ended.'));
      const answer = { head: said.head, parts: said.parts, end: said.last };
      const written = caller.writeAnswer(answer, to, context);
      if (!written)
        return err(failure('malformed', 'The arguments of a tool call in the answer are not a JSON object.'));
      return ok(encode(JSON.stringify(written)));
    },
    stream(context): StreamTranslator {
      const writer = caller.writer(to, context);
      return new Relay(target.reader(writer), writer, target.maxEventBytes);
    },
  } satisfies Translator);
};

export const translators: readonly Translator[] = DIALECTS.flatMap((from) =>
  DIALECTS.filter((to) => to !== from).map((to) => translate(from, to)),
);

const byPair = new Map(translators.map((translator) => [`${translator.from}>${translator.to}`, translator]));

/** Undefined where no translation is needed or none is known (embeddings, counting of tokens). */
export const findTranslator = (from: string, to: string): Translator | undefined =>
  byPair.get(`${from}>${to}`);
