/**
 * Plausible token log-probabilities, a pure function of the token: seen twice, a token has the same odds. Alternatives
 * lose a constant factor each, so the probabilities of one position never sum above 1.
 */
export function logprobs(token: string, top: number) {
  const own = -0.01 - (Number(Bun.hash.wyhash(token) % 1000n) / 1000) * 0.6;
  const entry = (text: string, logprob: number) => ({
    token: text,
    logprob: Number(logprob.toFixed(6)),
    bytes: [...Buffer.from(text)],
  });
  const rest = Math.log(-Math.expm1(own));
  return {
    ...entry(token, own),
    top_logprobs: Array.from({ length: top }, (_, i) =>
      i === 0 ? entry(token, own) : entry(alternative(token, i), rest - i * Math.LN2),
    ),
  };
}

const alternative = (token: string, i: number): string =>
  [token.toUpperCase(), token.toLowerCase(), token.trim(), ` ${token.trim()}`].filter((t) => t !== token)[
    i - 1
  ] ?? `${token.trim()}${i}`;
