import type { Config } from '#contracts';

/**
 * Routes that match what an earlier one matches, word by word: the earlier takes every ask. Only a person who checks is
 * told so, since an ask may still name a route in its header, and a start must not fail over it.
 */
export function twinProblems(routes: Config['routes'], say: (route: string, message: string) => void): void {
  const firsts = new Map<string, string>();
  for (const [route, { match }] of Object.entries(routes)) {
    const { model, protocol, feature } = match;
    const key = JSON.stringify([model, protocol, feature]);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, route);
    else
      say(
        route,
        `never serves: it matches what route "${first}" above it matches, which takes every ask that names no route; give one of the two a \`match:\` of its own (model, protocol or feature), or take this one out`,
      );
  }
}
