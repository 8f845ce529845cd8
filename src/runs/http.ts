import {
  type BodyTrouble,
  type EpochMs,
  type Handler,
  type Incoming,
  type NewRun,
  type Outgoing,
  type Protocol,
  RUN_STATES,
  type Run,
  type RunState,
  StoreUnavailable,
} from '#contracts';
import { sha256 } from '#kernel';
import { follow } from './follow.ts';
import type { Journal } from './journal.ts';
import type { RunPorts } from './ports.ts';
import {
  badField,
  bodyOf,
  inside,
  noBody,
  noPath,
  noRun,
  notDurable,
  otherBody,
  type Refusal,
  stopping,
  wrongMethod,
} from './refusals.ts';
import { keptHeaders, readSubmission } from './submit.ts';
import { awaited, pathOf, stateLine, told } from './view.ts';

export const RUNS = '/v1/runs';
const MOST = 100;
const USUAL = 20;
const SECRET_BYTES = 24;

export interface HttpPorts extends RunPorts {
  readonly journal: Journal;
  readonly stopping: () => boolean;
  /** There is something to carry out. */
  readonly begin: () => void;
  /** There is something to tell. */
  readonly tell: () => void;
  /** Ends a run wherever it is; undefined when there is none. */
  readonly cancel: (id: string) => Promise<Run | undefined>;
  /** Asks the question of a run once more; undefined when there is none. */
  readonly resample: (id: string) => Promise<Run | undefined>;
  readonly newId: () => string;
}

/** A request of one caller, with everything of it. */
interface Visit {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly body: Uint8Array;
  /** `''` for a caller that needs no key. */
  readonly key: string;
}

type Act = (visit: Visit, id: string) => Promise<Refusal | undefined>;

/** `/v1/runs` and what lies below it. */
export function createHttp(ports: HttpPorts): Handler {
  const { clock, store, log, newId } = ports;
  const byPath: ReadonlyMap<string, Protocol> = new Map(ports.protocols.map((p) => [`/v1${p.path}`, p]));

  const first = (approval: NewRun['approval'], beginsAt?: EpochMs) => {
    const at = clock.now();
    return stateLine({
      state: approval ? 'awaiting_approval' : 'queued',
      at,
      ...(approval && { approval: awaited(approval, at) }),
      ...(beginsAt !== undefined && { beginsAt }),
    });
  };
  const give = (outgoing: Outgoing, status: number, value: unknown, headers = {}): undefined => {
    outgoing.send(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));
  };
  /** Undefined also for a run of another key. */
  const find = async (id: string, key: string): Promise<Run | undefined> => {
    const run = await store.get(id);
    return run && (run.key ?? '') === key ? run : undefined;
  };

  const submit: Act = async ({ incoming, outgoing, body, key }) => {
    if (ports.stopping()) return stopping();
    const read = readSubmission(body, byPath, ports.settings().webhookHosts);
    if (!read.ok) return read.error;
    const { webhook, protocol, facets, defer, approval: wish, ...rest } = read.value;
    const approval = wish && { within: ports.settings().approveWithin, ...wish };
    const headers = keptHeaders(incoming.headers);
    const idempotencyKey = incoming.headers['idempotency-key'];
    if (idempotencyKey !== undefined && !/^.{1,255}$/.test(idempotencyKey))
      return badField('idempotency-key', 'Idempotency-Key takes 1 to 255 characters.');
    const deferral = ports.defer({ protocol, facets, headers, within: defer });
    const secret =
      webhook?.secret ?? `whsec_${Buffer.from(clock.randomBytes(SECRET_BYTES)).toString('base64url')}`;
    const { run, existed, same } = await store.create({
      ...rest,
      id: newId(),
      ...(key !== '' && { key }),
      headers,
      fingerprint: sha256(`${sha256(body)}${headers['x-midwatch-route'] ?? ''}`),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(webhook && { webhook: { url: webhook.url, secret } }),
      createdAt: clock.now(),
      ...(deferral?.at !== undefined && { beginsAt: deferral.at }),
      ...(approval && { approval }),
      event: first(approval, deferral?.at),
    });
    if (existed && !same) return otherBody();
    if (approval) ports.tell();
    else ports.begin();
    // Ours is shown once, to whoever will need it to check signatures; the caller's own is not repeated.
    const shown = webhook && webhook.secret === undefined && !existed ? { webhook_secret: secret } : {};
    return give(
      outgoing,
      202,
      { ...told(run), ...(deferral && !existed && { deferral: deferral.says }), ...shown },
      { location: pathOf(run.id), ...(existed && { 'x-midwatch-idempotent': 'replayed' }) },
    );
  };

  const list: Act = async ({ incoming, outgoing, key }) => {
    const query = new URLSearchParams(incoming.query);
    const state = query.get('status') ?? undefined;
    if (state !== undefined && !RUN_STATES.includes(state as RunState))
      return badField('status', `status takes one of ${RUN_STATES.join(', ')}.`);
    const limit = Number(query.get('limit') ?? USUAL);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
      return badField('limit', `limit takes a whole number from 1 to ${MOST}.`);
    const cursor = query.get('after') ?? undefined;
    try {
      const { rows, next } = await store.list(
        { key, ...(state !== undefined && { state: state as RunState }) },
        { limit, ...(cursor !== undefined && { cursor }) },
      );
      return give(outgoing, 200, {
        object: 'list',
        data: rows.map((run) => told(run)),
        has_more: next !== undefined,
        last_id: rows.at(-1)?.id ?? null,
      });
    } catch (error) {
      if (error instanceof RangeError) return badField('after', 'after takes the id of a run.');
      throw error;
    }
  };

  const show: Act = async ({ outgoing, key }, id) => {
    const run = await find(id, key);
    if (!run) return noRun(id);
    return give(outgoing, 200, told(run, answerOf(await store.answer(id))));
  };

  const events: Act = async ({ incoming, outgoing, key }, id) => {
    const run = await find(id, key);
    if (!run) return noRun(id);
    const after = incoming.headers['last-event-id'] ?? new URLSearchParams(incoming.query).get('after') ?? '';
    if (!/^\d{0,9}$/.test(after)) return badField('last-event-id', 'Last-Event-ID takes the id of an event.');
    await follow(ports, ports.journal, run, Number(after), outgoing);
    return undefined;
  };

  const cancel: Act = async ({ outgoing, key }, id) => {
    const known = await find(id, key);
    const run = known && (await ports.cancel(id));
    return run ? give(outgoing, 200, told(run)) : noRun(id);
  };

  const resample: Act = async ({ outgoing, key }, id) => {
    if (ports.stopping()) return stopping();
    const known = await find(id, key);
    const run = known && (await ports.resample(id));
    if (!run) return noRun(id);
    return give(outgoing, 202, told(run), { location: pathOf(run.id) });
  };

  const ROOT: Doing = { POST: submit, GET: list };
  const BELOW: Readonly<Record<string, Doing>> = {
    '': { GET: show },
    events: { GET: events },
    cancel: { POST: cancel },
    resample: { POST: resample },
  };

  const lookUp = (path: string): { readonly doing: Doing; readonly id: string } | undefined => {
    if (path === RUNS) return { doing: ROOT, id: '' };
    const [id, verb = '', more] = path.slice(RUNS.length + 1).split('/');
    const doing = more === undefined && id ? BELOW[verb] : undefined;
    return doing && id !== undefined ? { doing, id } : undefined;
  };

  return (incoming, outgoing) => {
    const key = ports.caller(incoming);
    if (key === undefined) return ports.stranger(incoming, outgoing);
    const refuse = (refusal: Refusal) =>
      outgoing.send(
        refusal.status,
        { 'content-type': 'application/json', ...refusal.headers },
        bodyOf(refusal),
      );
    return (body: Uint8Array | BodyTrouble) => {
      if (typeof body === 'string') return refuse(noBody(body));
      const found = lookUp(incoming.path);
      if (!found) return refuse(noPath(incoming.path));
      const act = found.doing[incoming.method];
      if (!act) return refuse(wrongMethod(Object.keys(found.doing).join(', ')));
      act({ incoming, outgoing, body, key }, found.id).then(
        (refusal) => refusal && refuse(refusal),
        (error: unknown) => {
          if (error instanceof StoreUnavailable) return refuse(notDurable());
          log('error', 'runs failed inside', { path: incoming.path, error: String(error) });
          refuse(inside());
        },
      );
    };
  };
}

/** What can be done at one path, by method. */
type Doing = Readonly<Record<string, Act>>;

/** JSON as it came; what is none comes as text. Absent while there is no answer. */
function answerOf(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
