/**
 * What parameters and request fields mean, by name: one word means one thing wherever it is asked. The contracts keep
 * these words in comments, which no schema carries.
 */
export const SAYS: Readonly<Record<string, string>> = {
  from: 'From this time on, milliseconds since 1970-01-01 UTC.',
  to: 'Before this time, milliseconds since 1970-01-01 UTC.',
  route: 'Name of a route.',
  routes: 'Routes the key may use; left out, all of them.',
  provider: 'Provider whose answer the caller got.',
  model: 'Model asked for, sent upstream or served.',
  outcome: 'How it ended; `good` is complete and tool, `bad` everything else.',
  key: 'Id of a key.',
  tenant: 'Value of x-midwatch-tenant, or the tenant of the key.',
  user: 'Value of x-midwatch-user.',
  feature: 'Value of x-midwatch-feature.',
  task: 'Value of x-midwatch-task.',
  thread: 'Value of x-midwatch-thread.',
  state: 'Where a run stands.',
  release: 'Id of a release; not for live exchanges, where it is not known yet.',
  source:
    'Where it came from: gateway, otlp, import, eval, job, probe, exercise, drill, shadow, or all. Without it, what is traffic: no probe, drill or shadow.',
  attempts: 'At least so many attempts.',
  slower: 'At least so many milliseconds in all.',
  dearer: 'At least so many millionths of a US dollar.',
  by: 'How it is told apart: money by cause, route, provider, key, tenant or feature; demotions by rule, tenant, tier or reason.',
  bucket: 'Bucket of difficulty, from 1; left out, all of them.',
  why: 'Reason, kept with the change.',
  cursor: '`next` of the page before.',
  limit: 'Rows of a page, at most 500.',
  actor: 'Who did it: the name of a token, `admin`, or `midwatch up`.',
  action:
    'What was done: login, logout, key.create, key.revoke, token.create, token.revoke, token.replace, run.cancel, demotion.approve, demotion.end, reload, ramp.advance, ramp.rollback, ramp.reset, route.freeze, route.thaw.',
  subject: 'Id of what was changed.',
  until: 'Milliseconds since 1970-01-01 UTC.',
  role: 'viewer, operator or admin.',
  token: 'The admin token, or one made with `POST /tokens`.',
  name: 'For people, to tell it from others.',
  owner: 'Who answers for it.',
  expiresAt: 'Milliseconds since 1970-01-01 UTC; left out, it does not expire.',
};
