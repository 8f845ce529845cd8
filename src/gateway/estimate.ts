import { type AskFacets, NO_USAGE, type Usage } from '#contracts';

/**
 * About four characters a token holds for English and code within some 20 %, and is too low by half for Chinese or
 * Japanese; a tokenizer per model would be exact for one and wrong for the next. The record says `estimated`.
 */
const CHARACTERS_PER_TOKEN = 4;

export const estimate = (ask: AskFacets, answered: number): Usage => ({
  ...NO_USAGE,
  input: Math.ceil(ask.bytes / CHARACTERS_PER_TOKEN),
  output: Math.ceil(answered / CHARACTERS_PER_TOKEN),
  basis: 'estimated',
});
