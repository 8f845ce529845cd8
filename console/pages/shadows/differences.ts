import type { ShadowPair } from '@midwatch/contracts';

/** In what the two answers of a pair differ, in words; how each ended is shown beside them. */
export function differences({
  served,
  shadow,
  agreement: { end, tools, args },
}: ShadowPair): readonly string[] {
  const said: string[] = [];
  if (!end && served.outcome === shadow.outcome)
    said.push(`ended by ${served.finish ?? 'nothing'}, the copy by ${shadow.finish ?? 'nothing'}`);
  else if (!end) said.push('ended otherwise');
  if (tools === false) said.push(`called ${list(served.tools)}, the copy ${list(shadow.tools)}`);
  if (args === false) said.push(`other arguments for ${list(served.tools)}`);
  if (served.json !== shadow.json) {
    if (served.json === true) said.push('only the served answer is JSON');
    else if (shadow.json === true) said.push('only the copy is JSON');
  }
  return said;
}

const list = (tools: readonly string[]): string => (tools.length === 0 ? 'no tool' : tools.join(', '));
