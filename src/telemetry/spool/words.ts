/**
 * The closed vocabularies of a record by number, so that a frame needs one byte for a word and none of them is looked
 * through for secrets. The place in the list is the number and stands in segments on disk: append, never reorder.
 */
const WORDS = [
  // outcomes
  'complete',
  'tool',
  'length',
  'stop',
  'refusal',
  'content_filter',
  'context_overflow',
  'invalid',
  'stalled',
  'cut',
  'error',
  'cancelled',
  // kinds, besides `tool`
  'model',
  'retrieval',
  // sources
  'gateway',
  'otlp',
  'import',
  'eval',
  'job',
  'probe',
  'exercise',
  'drill',
  // record modes and bases of usage
  'full',
  'masked',
  'none',
  'reported',
  'estimated',
  // states of a cost, besides `estimated`
  'exact',
  'unpriced',
  'free',
  // causes of attempts
  'first',
  'retry',
  'reroute',
  'fallback',
  'reprompt',
  'hedge',
  // a later source
  'shadow',
  // a later cause
  'takeover',
] as const;

const NUMBERS = new Map<string, number>(WORDS.map((word, number) => [word, number]));

/** Does not compile for a vocabulary with a word that has no number. @throws RangeError for a word of no vocabulary */
export function numberOf(word: (typeof WORDS)[number]): number {
  const number = NUMBERS.get(word);
  if (number === undefined) throw new RangeError(`"${word}" is not a word of a record`);
  return number;
}

/** @throws RangeError for a number that a newer version has given */
export function wordOf(number: number): string {
  const word = WORDS[number];
  if (word === undefined) throw new RangeError(`word ${number} is of a newer version of Midwatch`);
  return word;
}
