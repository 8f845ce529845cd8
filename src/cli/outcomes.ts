import { isGood, type Outcome } from '#contracts';
import { dim, green, magenta, type Paint, red, yellow } from './terminal.ts';

/** A shape for each, so that a colour-blind reader and a log without colours still tell them apart. One column wide. */
const LOOKS: Readonly<Record<Outcome, { readonly glyph: string; readonly paint: Paint }>> = {
  complete: { glyph: '●', paint: green },
  tool: { glyph: '◆', paint: green },
  length: { glyph: '◐', paint: yellow },
  stop: { glyph: '■', paint: yellow },
  context_overflow: { glyph: '▲', paint: yellow },
  refusal: { glyph: '⊘', paint: magenta },
  content_filter: { glyph: '⊗', paint: magenta },
  invalid: { glyph: '≠', paint: red },
  stalled: { glyph: '◌', paint: red },
  cut: { glyph: '╳', paint: red },
  error: { glyph: '✗', paint: red },
  cancelled: { glyph: '○', paint: dim },
};

export const look = (outcome: string): { readonly glyph: string; readonly paint: Paint } =>
  LOOKS[outcome as Outcome] ?? { glyph: '?', paint: red };

export const good = (outcome: string): boolean => isGood(outcome as Outcome);

/** `✗ rate_limited`: why it failed says more than that it failed. */
export const ending = (outcome: string, failure?: string): string => {
  const word = failure !== undefined && (outcome === 'error' || outcome === 'invalid') ? failure : outcome;
  return `${look(outcome).glyph} ${word.replaceAll('_', ' ')}`;
};
