import type { Failure, RouteConfig } from '#contracts';
import { SEMANTICS } from '#kernel';
import type { Step } from './plan.ts';

/** What may be done after a try that failed; nothing when both are absent. The first is preferred: leaving a tier has a price. */
export interface Next {
  /** The same target, after a wait; `asked` is the provider's own word for it, milliseconds. */
  readonly again?: { readonly asked?: number };
  /** Place in the plan of another target. */
  readonly elsewhere?: number;
}

export interface Situation {
  readonly failure: Failure;
  readonly route: RouteConfig;
  readonly steps: readonly Step[];
  /** Does this step's target take ordinary traffic now? */
  readonly open: (step: Step) => boolean;
  /** Place of the step that failed. */
  readonly at: number;
  /** Tries of this target so far, and of the whole exchange. */
  readonly here: number;
  readonly total: number;
  /** Nothing more may be tried, whatever is left of this exchange. */
  readonly exhausted?: boolean;
  /** It was an exercise of ours: whatever it failed of, the first tier answers. */
  readonly exercise?: boolean;
}

/** Decides from the row of the failure alone; time and budgets are the dispatcher's. */
export function next(situation: Situation): Next {
  const { failure, route, here, total } = situation;
  if (situation.exercise && total === 1 && failure.kind !== 'client_left') return { elsewhere: 1 };
  if (situation.exhausted || total >= route.attempts.perExchange) return {};
  const place = elsewhere(situation);
  const { after } = failure;
  return {
    ...(here < route.attempts.perTarget &&
      again(failure, route, place !== undefined, here) && {
        again: after === undefined ? {} : { asked: after },
      }),
    ...(place !== undefined && { elsewhere: place }),
  };
}

function again(
  { kind, after, retryable }: Failure,
  route: RouteConfig,
  others: boolean,
  here: number,
): boolean {
  const short = after === undefined || after <= route.waitForTarget;
  switch (SEMANTICS[kind].again) {
    case 'once':
      return here === 1 && short && retryable;
    case 'alone':
      return here === 1 && short && !others;
    case 'waited':
      // Without a word for how long, waiting is a guess, worth making only where nobody else could answer.
      return after === undefined ? here === 1 && !others : short;
    case 'never':
      return false;
  }
}

/** Place of the next step that may serve after this failure. */
function elsewhere({ failure, route, steps, at, open }: Situation): number | undefined {
  const from = steps[at] as Step;
  const { elsewhere: rule, condemns } = SEMANTICS[failure.kind];
  const may = (step: Step): boolean => {
    // Another model behind the same refused key is refused as well.
    if (condemns === 'key' && step.target.provider === from.target.provider) return false;
    switch (rule) {
      case 'always':
        return true;
      case 'larger':
        return (step.target.contextWindow ?? 0) > (from.target.contextWindow ?? Number.POSITIVE_INFINITY);
      case 'allowed':
        return route.fallbackOn.includes(failure.kind === 'refused' ? 'refusal' : 'content_filter');
      case 'never':
        return false;
    }
  };
  const place = steps.findIndex((step, i) => i > at && may(step) && open(step));
  return place < 0 ? undefined : place;
}
