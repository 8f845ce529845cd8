import type {
  Clock,
  ExchangeId,
  Fields,
  Incoming,
  Outgoing,
  Protocol,
  Route,
  RouteTable,
  Target,
  Transport,
  TransportRequest,
} from '#contracts';
import { patiently } from '#kernel';
import type { Admission } from './admit.ts';
import { join } from './attempt.ts';
import { hear } from './headers.ts';
import { JSON_TYPE } from './tell.ts';

export interface ModelsContext {
  readonly clock: Clock;
  readonly protocols: readonly Protocol[];
  readonly transport: Transport;
  readonly routes: () => RouteTable;
  readonly admission: Admission;
  readonly nextId: () => ExchangeId;
}

/** A list of models is a courtesy; a provider that does not give it soon does not delay the names we know ourselves. */
const PATIENCE = 5_000;
export const MODELS = '/v1/models';

/**
 * `GET /v1/models` in the caller's dialect (Anthropic's clients always send `anthropic-version`): the names that routes
 * match exactly, then what the providers behind catch-all routes list.
 */
export async function listModels(ctx: ModelsContext, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const dialect = incoming.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
  const said = hear(incoming);
  const admitted = ctx.admission.admit(said, incoming.peer);
  if (!admitted.ok) {
    const protocol = ctx.protocols.find((p) => p.dialect === dialect) as Protocol;
    const { status, body } = protocol.writeError(admitted.error, ctx.nextId());
    return outgoing.send(status, JSON_TYPE, body);
  }
  const allowed = ctx.routes().routes.filter((r) => admitted.value?.routes?.includes(r.name) ?? true);
  const named = allowed.flatMap((r) => namedModel(r, dialect) ?? []);
  const open = allowed.flatMap((r) =>
    namedModel(r, dialect) === undefined ? (firstTarget(r, dialect) ?? []) : [],
  );
  const listed = await Promise.all(unique(open).map((target) => ask(ctx, target, dialect, said.forward)));
  const seen = new Set<string>();
  const data = [...named, ...listed.flat()].filter(({ id }) => !seen.has(id) && seen.add(id));
  const wanted = incoming.path.slice(MODELS.length + 1);
  if (wanted !== '') return outgoing.send(...one(ctx, dialect, data, plain(wanted)));
  const body =
    dialect === 'openai'
      ? { object: 'list', data }
      : { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  outgoing.send(200, JSON_TYPE, JSON.stringify(body));
}

/** A name as it was typed; one that is no percent-encoding stands for itself. */
function plain(wanted: string): string {
  try {
    return decodeURIComponent(wanted);
  } catch {
    return wanted;
  }
}

/** One of the list, or a clear word that it is not there. */
function one(
  { protocols, nextId }: ModelsContext,
  dialect: string,
  data: readonly Model[],
  wanted: string,
): [number, Fields, string] {
  const found = data.find(({ id }) => id === wanted);
  if (found) return [200, JSON_TYPE, JSON.stringify(found)];
  const protocol = protocols.find((p) => p.dialect === dialect) as Protocol;
  const { status, body } = protocol.writeError(
    {
      kind: 'not_found',
      origin: 'client',
      retryable: false,
      hint: `No route or provider lists a model "${wanted}"; GET /v1/models lists those that do. A route may take it all the same.`,
    },
    nextId(),
  );
  return [status, JSON_TYPE, typeof body === 'string' ? body : new TextDecoder().decode(body)];
}

interface Model {
  readonly id: string;
}

const EPOCH = '1970-01-01T00:00:00Z';

function namedModel(route: Route, dialect: string): Model | undefined {
  const model = route.config.match.model;
  if (!model || model.includes('*') || !firstTarget(route, dialect)) return undefined;
  return dialect === 'openai'
    ? ({ id: model, object: 'model', created: 0, owned_by: 'midwatch' } as Model)
    : ({ id: model, type: 'model', display_name: model, created_at: EPOCH } as Model);
}

const firstTarget = (route: Route, dialect: string): Target | undefined =>
  route.tiers.flatMap((tier) => tier.targets).find((t) => t.kind.dialects.some((d) => d === dialect));

const unique = (targets: readonly Target[]): readonly Target[] => [
  ...new Map(targets.map((t) => [t.provider, t])).values(),
];

async function ask(
  ctx: ModelsContext,
  target: Target,
  dialect: 'openai' | 'anthropic',
  forward: Record<string, string>,
): Promise<readonly Model[]> {
  const baseUrl = target.baseUrl[dialect];
  if (baseUrl === undefined) return [];
  const { url, headers } = target.kind.request({
    dialect,
    baseUrl,
    path: '/models',
    model: '',
    settings: target.settings,
    ...(target.apiKey && { apiKey: target.apiKey }),
  });
  const all: Record<string, string> = { ...forward };
  for (const [name, value] of headers) all[name] ??= value;
  try {
    const body = await get(ctx, { url, method: 'GET', headers: all });
    const { data } = JSON.parse(new TextDecoder().decode(body)) as { data?: unknown };
    return Array.isArray(data)
      ? data.filter((m): m is Model => typeof (m as Model | null)?.id === 'string')
      : [];
  } catch {
    // The provider is away or answers no list: our own names are the answer.
    return [];
  }
}

/** The whole body of a call, whatever its status. @throws when there is none in time. */
function get({ transport, clock }: ModelsContext, request: TransportRequest): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    const patience = patiently(clock, PATIENCE, () => {
      call.cancel();
      reject(new Error('no list of models in time'));
    });
    const call = transport(request, {
      connected: () => undefined,
      head: () => undefined,
      data: (bytes) => parts.push(bytes),
      end() {
        patience();
        resolve(join(parts));
      },
      fail({ kind, detail }) {
        patience();
        reject(new Error(`${kind}: ${detail}`));
      },
    });
  });
}
