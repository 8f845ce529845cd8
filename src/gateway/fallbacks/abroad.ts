import type { EpochMs } from '#contracts';
import { answeredBy, type DemandState, judged, minuteOf, newDemand, saw, usualWith } from './demand.ts';
import type { Sighting } from './sighting.ts';

/** What a route was asked for is told so often. */
const SUM_MS = 1_000;
/** Of fallbacks, while nobody takes them: the window of a proof many times over. */
const MOST = 20_000;

/**
 * Gathers what one house has seen for houses elsewhere. Of fallbacks each answer is told, for a proof counts them one by one; what
 * a route was asked for is each exchange that there is, and is summed up.
 */
export class Abroad {
  private seen: Sighting[] = [];
  private readonly parts = new Map<string, { readonly since: EpochMs; readonly part: DemandState }>();

  take({ at, route, asked, answered, judged: breaks, asker, edge, shown }: Sighting): void {
    if (edge) this.say({ at, route, edge });
    if (shown) this.say({ at, route, shown });
    if (asker !== undefined) this.say({ at, route, asker });
    if (!asked && !answered && !breaks) return;
    const part = this.partOf(route, at);
    if (asked) saw(part, at, asked.tokensIn, asked.tokensOut, asked.facets);
    if (answered) {
      answeredBy(part, answered.first);
      part.usual = usualWith(part.usual, answered);
    }
    if (breaks) judged(part, breaks);
  }

  /** Since the last call. */
  told(now: EpochMs): readonly Sighting[] {
    for (const [route, { since, part }] of this.parts) if (now - since >= SUM_MS) this.close(route, part);
    const told = this.seen;
    this.seen = [];
    return told;
  }

  private partOf(route: string, at: EpochMs): DemandState {
    const known = this.parts.get(route)?.part;
    // A sum is of one minute, so that the minutes of all houses can be added.
    if (known && known.minute >= minuteOf(at)) return known;
    if (known) this.close(route, known);
    const part = { ...newDemand(), minute: minuteOf(at) };
    this.parts.set(route, { since: at, part });
    return part;
  }

  private close(route: string, part: DemandState): void {
    this.parts.delete(route);
    this.say({ at: part.minute * 60_000, route, elsewhere: part });
  }

  private say(sighting: Sighting): void {
    if (this.seen.length < MOST) this.seen.push(sighting);
  }
}
