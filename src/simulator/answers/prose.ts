import type { Random } from '../draw.ts';
import { pick } from '../draw.ts';
import { outputTokens } from '../tokens.ts';
import { isStopword, type Language, languageOf } from './language.ts';
import { fill, PHRASES } from './phrases.ts';

/** Languages written without spaces between sentences. */
const JOINED: ReadonlySet<Language> = new Set(['ja', 'zh']);

/** A few coherent sentences about the prompt's subject, in its language, of about `tokens` tokens. */
export function prose(prompt: string, tokens: number, random: Random): string {
  const language = languageOf(prompt);
  const phrases = PHRASES[language];
  const values = { s: subjectOf(prompt) };
  const sentences = [fill(pick(phrases.opening, random), values)];
  const closing = pick(phrases.closing, random);
  const goal = wantedTokens(prompt) ?? tokens;
  let length = outputTokens(sentences[0] as string) + outputTokens(closing);
  const from = Math.floor(random() * phrases.middle.length);
  for (let i = 0; length < goal; i++) {
    const sentence = phrases.middle[(from + i) % phrases.middle.length] as string;
    sentences.push(sentence);
    length += outputTokens(sentence);
  }
  return [...sentences, closing].join(JOINED.has(language) ? '' : ' ');
}

/** `in 200 words`, `auf 50 Wörtern`: a word is about 1.4 of our tokens. Bounded, since callers choose the number. */
function wantedTokens(prompt: string): number | undefined {
  const match = /\b(\d{1,5})[- ](?:words?|wörter\w*|mots|palabras|parole|palavras|woorden|слов)/i.exec(
    prompt.slice(-2000),
  );
  return match ? Math.min(20_000, Number(match[1]) * 1.4) : undefined;
}

/** Up to five words that carry the subject; for scripts without spaces the first characters. */
export function subjectOf(prompt: string): string {
  const line = prompt.slice(0, 600).trim();
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(line))
    return (/[^\s。、？！?,.!]{1,14}/u.exec(line) ?? [''])[0];
  const words = line.match(/[\p{L}\p{N}][\p{L}\p{N}'’.-]*(?<![.'’-])/gu) ?? [];
  const carrying = words.filter(
    (word) => word.length > 1 && !isStopword(word.toLowerCase()) && !VERBS.test(word),
  );
  return (carrying.length > 0 ? carrying : words).slice(0, 5).join(' ') || '…';
}

const VERBS =
  /^(?:tell|me|explain|describe|write|give|say|about|please|in|an|to|it|words?|erzähl\w*|über|mir|décris|parle|moi|sur|cuéntame|sobre|háblame|racconta\w*|parlami|fale|over|do|did|was|were|be|расскажи|о)$/i;
