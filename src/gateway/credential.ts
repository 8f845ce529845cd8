/** With which keys of ours begin. */
const OURS = 'mw_';

/**
 * What a caller shows: `x-api-key`, else the bearer of `authorization`. Of two the one that is a key of ours: a client of Anthropic
 * that is given a token sends the key of its environment beside it.
 */
export function credentialOf(
  apiKey: string | undefined,
  authorization: string | undefined,
): string | undefined {
  const key = apiKey?.trim();
  const bearer = authorization?.replace(/^bearer\s+/i, '').trim();
  if (key === undefined || bearer === undefined) return key ?? bearer;
  return bearer.startsWith(OURS) && !key.startsWith(OURS) ? bearer : key;
}
