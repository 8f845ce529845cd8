import type { Route } from '#contracts';
import type { Walk } from './walk.ts';

/** Runs that are remembered; the one that tried again longest ago is forgotten first. */
const MOST = 10_000;

type Tried = Pick<Walk, 'route' | 'made' | 'place' | 'who' | 'source'>;

/**
 * Who may be tried once more. A route bounds the tries of an exchange, and where it says so those that a whole run (`x-midwatch-run`) has
 * beyond the first of each: an agent that meets a bad hour with each of its hundred steps would otherwise pay for it a hundred times.
 */
export class Tries {
  private readonly spent = new Map<string, number>();

  may(walk: Tried): boolean {
    const { perExchange, perRun } = (walk.route as Route).config.attempts;
    if (walk.made.length >= perExchange) return false;
    const name = perRun === undefined ? undefined : nameOf(walk);
    return name === undefined || (this.spent.get(name) ?? 0) < (perRun as number);
  }

  /** A try was begun. That of an exercise is ours, and so is the one that makes up for it. */
  begun(walk: Tried): void {
    if (walk.made.length < 2 || walk.source === 'exercise') return;
    if ((walk.route as Route).config.attempts.perRun === undefined) return;
    const name = nameOf(walk);
    if (name === undefined) return;
    const before = this.spent.get(name) ?? 0;
    this.spent.delete(name);
    this.spent.set(name, before + 1);
    if (this.spent.size > MOST) this.spent.delete(this.spent.keys().next().value as string);
  }
}

/** Of one caller: two tenants may call their runs alike. */
const nameOf = ({ place: { run }, who: { key = '', tenant = '' } }: Tried): string | undefined =>
  run === undefined ? undefined : `${key} ${tenant} ${run}`;
