/** Long enough for one sentence of any provider, short enough for one line of a log. */
const MAX_LENGTH = 400;

const PATTERNS: readonly RegExp[] = [
  /\b(bearer|basic)\s+[A-Za-z0-9._~+/=*-]{6,}/gi,
  // Keys that carry their maker's prefix, masked by the maker or not: OpenAI prints `sk-abc****wxyz` in its own error.
  /\b(sk|pk|rk|mw|gsk|xai|hf|or|ghp|pplx|csk|fw|tgp|nvapi|AIza|AKIA|ya29|eyJ)[-_.]?[A-Za-z0-9*][A-Za-z0-9_.*-]{7,}/g,
  /\b(api[-_ ]?key|key|token|secret|password|authorization)(["']?\s*[:=]\s*["']?)[^\s"',;&]{6,}/gi,
  // Anything else that is long and mixes letters with digits: a key without a known prefix. Masks some request ids too.
  /\b(?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{32,}/g,
];

/** A provider's words on one line, without anything that may be a credential. */
export function scrub(message: string): string {
  let out = message.slice(0, MAX_LENGTH * 4);
  for (const pattern of PATTERNS) out = out.replace(pattern, '[credential]');
  out = out.replace(/\s+/g, ' ').trim();
  return out.length > MAX_LENGTH ? `${out.slice(0, MAX_LENGTH - 1)}…` : out;
}
