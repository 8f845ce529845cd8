import type { RouteConfig } from '#contracts';

type Match = RouteConfig['match'];

/** Exact models come before patterns before none, and a feature breaks the tie: the order in which routes are found. */
const rank = ({ model, feature }: Match): number =>
  (model === undefined ? 2 : model.includes('*') ? 1 : 0) - (feature === undefined ? 0 : 0.5);

/** Could some ask that both match go to the first of them? In doubt yes: a freeze that lets traffic slip away holds nothing. */
export function couldTake(from: Match, taker: Match): boolean {
  if (rank(taker) > rank(from)) return false;
  return (
    (from.feature === undefined || taker.feature === undefined || from.feature === taker.feature) &&
    dialectsMeet(from.protocol, taker.protocol) &&
    modelsMeet(from.model, taker.model)
  );
}

/** `openai` is a dialect of which `openai-chat` is one protocol. */
const dialectsMeet = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b || a.startsWith(`${b}-`) || b.startsWith(`${a}-`);

function modelsMeet(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  if (!a.includes('*')) return fits(b, a);
  if (!b.includes('*')) return fits(a, b);
  const [startA, startB] = [a.slice(0, a.indexOf('*')), b.slice(0, b.indexOf('*'))];
  const [endA, endB] = [a.slice(a.lastIndexOf('*') + 1), b.slice(b.lastIndexOf('*') + 1)];
  return (
    (startA.startsWith(startB) || startB.startsWith(startA)) && (endA.endsWith(endB) || endB.endsWith(endA))
  );
}

const fits = (pattern: string, model: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(model);
