/** What a noun means with no verb behind it: how it stands. */
export const ALONE: Readonly<Record<string, string>> = {
  tiers: 'report',
  latency: 'profile',
  probe: 'status',
  runs: 'list',
  fallback: 'status',
  ramp: 'status',
  router: 'report',
  shadow: 'report',
  quota: 'status',
  config: 'check',
  keys: 'list',
  tokens: 'list',
  token: 'list',
  cassettes: 'list',
};

/**
 * The words of a command line with that verb said. Not the parser's own default command: a word that is mistyped behind a
 * noun would be taken for an argument of the default, and nobody be told which verbs there are.
 */
export function spelledOut(words: readonly string[]): readonly string[] {
  const [noun = '', next = '', ...rest] = words;
  const verb = Object.hasOwn(ALONE, noun) ? ALONE[noun] : undefined;
  const alone = next === '' || (next.startsWith('-') && next !== '-h' && next !== '--help');
  return verb !== undefined && alone ? [noun, verb, ...(next === '' ? [] : [next]), ...rest] : words;
}
