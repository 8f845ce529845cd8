import {
  type RampDecision,
  type RampJudged,
  type RampView,
  rampChangeSchema,
  rampDecideSchema,
  rampJudgeSchema,
} from '#contracts';
import { type Endpoint, endpoint } from '../http/endpoint.ts';
import { badRequest, notFound, Refusal } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';
import { knownRoute } from '../traffic/known-route.ts';
import { unfrozen } from '../traffic/still.ts';

const change = (verb: 'advance' | 'rollback' | 'reset', summary: string): Endpoint =>
  endpoint({
    method: 'POST',
    path: `/ramps/:route/${verb}`,
    access: 'operator',
    summary,
    body: rampChangeSchema,
    answer: {
      schema: 'RampView',
      says: 'The ramp as it now is; 409 `ramp_stays` with the reason when it cannot be done.',
    },
    async handle({ params, body, caller, address }, { services, audit }): Promise<RampView> {
      const route = params.route ?? '';
      // What does harm is taken back whatever is frozen.
      if (verb !== 'rollback') unfrozen(services, route);
      const changed = services.changeRamp(route, verb, body);
      if (!changed) throw noRamp(services, route);
      if (!changed.ok)
        throw new Refusal(
          409,
          'ramp_stays',
          changed.why,
          'Nothing was changed. `midwatch ramp status` shows where it stands.',
        );
      const { stage, phase } = changed.ramp;
      await audit({
        actor: caller?.name ?? '',
        action: `ramp.${verb}`,
        subject: route,
        detail: { ...body, stage, phase, address },
      });
      return changed.ramp;
    },
  });

function noRamp(services: Pick<ApiServices, 'routes'>, route: string): Error {
  knownRoute(services, route);
  return notFound(
    `Route "${route}" has no ramp.`,
    `Write \`ramp:\` under routes.${route} in midwatch.yaml; \`midwatch ramp status\` shows those there are.`,
  );
}

const judge = endpoint({
  method: 'POST',
  path: '/ramps/:route/judge',
  access: 'operator',
  summary:
    'Says what answers of a ramp with `verdicts` were worth, at most 1,000 at a time. A bucket whose test alarms is taken back before this is answered.',
  body: rampJudgeSchema,
  answer: {
    schema: 'RampJudged',
    says: 'How many counted, which wait for no verdict here, and the ramp; 409 `ramp_unjudged` where it counts by outcome alone.',
  },
  async handle({ params, body: { verdicts }, caller, address }, { services, audit }): Promise<RampJudged> {
    const route = params.route ?? '';
    const ramp = services.ramps().find((one) => one.route === route);
    if (!ramp) throw noRamp(services, route);
    if (!ramp.verdicts)
      throw new Refusal(
        409,
        'ramp_unjudged',
        `The ramp of route "${route}" counts answers by how they end.`,
        `Set routes.${route}.ramp.verdicts: true; the ramp then begins anew.`,
      );
    const judged = services.judgeRamp(route, verdicts);
    if (!judged) throw noRamp(services, route);
    const bad = verdicts.filter(({ good }) => !good).length;
    await audit({
      actor: caller?.name ?? '',
      action: 'ramp.judge',
      subject: route,
      detail: { counted: judged.counted, unknown: judged.unknown.length, bad, address },
    });
    return judged;
  },
});

const decide = endpoint({
  method: 'POST',
  path: '/ramps/:route/decide',
  access: 'operator',
  summary:
    'Where an ask would go, were it made now: for an application that prepares it differently for the new path. Nobody is asked, nothing is kept, and the session is not begun.',
  body: rampDecideSchema,
  answer: {
    schema: 'RampDecision',
    says: 'The path, the tier, the bucket; 400 for an ask that cannot be read, or one of no session, for which it is drawn when it comes.',
  },
  handle({ params, body }, { services }): RampDecision {
    const route = params.route ?? '';
    const decided = services.decideRamp(route, body);
    if (decided === undefined) throw noRamp(services, route);
    if (typeof decided === 'string')
      throw badRequest(
        decided,
        'Send the body as it would be asked, its protocol, and a thread, task or user.',
      );
    return decided;
  },
});

export const rampEndpoints = [
  endpoint({
    method: 'GET',
    path: '/ramps',
    access: 'viewer',
    summary:
      'Ramps by difficulty: stage, share, evidence and outcome of each bucket, exposure of the hard inputs, harm against its budget. Needs no database.',
    answer: { schema: 'RampView', list: true, says: 'The ramps.' },
    handle: (_, { services }) => services.ramps(),
  }),
  change('advance', 'Goes on to the next stage, if the gate lets it pass.'),
  change('rollback', 'Sends a bucket, or all of them, back to the old path at once.'),
  change(
    'reset',
    'Opens a bucket again after a fix, its evidence begun anew; without a bucket the whole ramp, at its first stage.',
  ),
  judge,
  decide,
];
