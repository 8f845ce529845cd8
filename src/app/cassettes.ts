import {
  type Bill,
  type Cassette,
  type CheckReport,
  createCassettes,
  nodeCassetteFiles,
  openRack,
  type Rack,
  summary,
  type WholeAnswer,
} from '#cassettes';
import {
  type Clock,
  type Config,
  type Dialect,
  type Log,
  NO_USAGE,
  type Pricer,
  type Protocol,
  type Provider,
  type Reading,
  type Redactor,
  type Transport,
  type TransportRequest,
  type Usage,
} from '#contracts';
import { protocols } from '#protocols';
import { createRedactor } from '#telemetry';
import { createTransport } from '#wire';
import { pricerOf } from './active.ts';
import { kindOf } from './config/index.ts';
import type { Lifecycle } from './lifecycle.ts';
import { proxyOf } from './proxy.ts';
import type { StartOptions } from './start-options.ts';

/** Were all answers of a folder given on this machine, as those of the simulator are? Not of an empty one. */
export function recordedHere(folder: string): boolean {
  const files = nodeCassetteFiles(folder);
  // What a verification left beside them names no host.
  const names = files.list().filter((name) => name.endsWith('.json') && name !== 'verified.json');
  return names.length > 0 && names.every((name) => /"host":\s*"local"/.test(files.read(name) ?? ''));
}

export interface TapeOptions {
  readonly to: NonNullable<StartOptions['cassettes']>;
  readonly inner: Transport;
  readonly config: () => Config;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** Between the gateway and the providers: records what they say, or says it in their place. */
export function openTape({ to, inner, config, redactor, clock, log, lifecycle }: TapeOptions): Transport {
  const tape = createCassettes({
    inner,
    mode: to.mode,
    speed: to.speed,
    files: nodeCassetteFiles(to.folder),
    clock,
    mask: (text) => redactor.secrets(text).text,
    ...labels(config, clock),
  });
  lifecycle.onStop('cassettes', () => {
    tape.flush();
    log('info', 'cassettes', { says: summary(tape.report()) });
  });
  return tape.transport;
}

/** Where a provider of the configuration listens in one dialect. */
interface Address {
  readonly provider: string;
  readonly kind: Provider;
  readonly dialect: Dialect;
  readonly base: URL;
  readonly settings: Config['providers'][string];
}

function addressesOf({ providers }: Config): readonly Address[] {
  return Object.entries(providers).flatMap(([provider, settings]) => {
    const kind = kindOf(provider, settings);
    if (!kind) return [];
    return kind.dialects.flatMap((dialect) => {
      const base = settings.baseUrl?.replace(/\/+$/, '') ?? kind.baseUrl[dialect];
      return base && URL.canParse(base) ? [{ provider, kind, dialect, base: new URL(base), settings }] : [];
    });
  });
}

const protocolAt = (pathname: string): Protocol | undefined =>
  protocols.find(({ path }) => pathname.endsWith(path));

/** What a cassette says of itself beside question and answer: what it cost, and under which release it was made. */
function labels(config: () => Config, clock: Clock) {
  let known:
    | { readonly of: Config; readonly addresses: readonly Address[]; readonly pricer: Pricer }
    | undefined;
  const now = () => {
    const of = config();
    if (known?.of !== of) known = { of, addresses: addressesOf(of), pricer: pricerOf(of) };
    return known;
  };
  return {
    /** Undefined where nobody knows the price. */
    bill({ url, body }: TransportRequest, answer: WholeAnswer): Bill | undefined {
      const { pathname, host } = new URL(url);
      const protocol = protocolAt(pathname);
      const { addresses, pricer } = now();
      const address = addresses.find(
        ({ base, dialect }) => base.host === host && dialect === protocol?.dialect,
      );
      const ask = body && protocol?.readAsk(body);
      if (!protocol || !address || !ask?.ok) return undefined;
      const { usage, observed } = readingOf(protocol, answer);
      if (usage.basis === 'none') return undefined;
      const { provider } = address;
      const price = (model: string) => pricer.price({ provider, model, usage, at: clock.now() });
      const cost = price(observed.model ?? ask.value.facets.model);
      const { state, microUsd } = cost.state === 'unpriced' ? price(ask.value.facets.model) : cost;
      return state === 'unpriced' ? undefined : { tokens: tokensOf(usage), microUsd };
    },
    /** Of the axes that the question itself declares. */
    release({ url, body }: TransportRequest): string | undefined {
      const protocol = protocolAt(new URL(url).pathname);
      if (!protocol || !body || !protocol.readAsk(body).ok) return undefined;
      return protocol.digest(body, undefined, {}).release;
    },
  };
}

function readingOf(protocol: Protocol, { headers, body }: WholeAnswer): Reading {
  if (!headers['content-type']?.startsWith('text/event-stream')) return protocol.readAnswer(body);
  const scanner = protocol.scanStream();
  scanner.push(body);
  return scanner.read(true);
}

const COUNTED = Object.keys(NO_USAGE).filter((name) => name !== 'basis') as Exclude<keyof Usage, 'basis'>[];
const tokensOf = (usage: Usage): number => COUNTED.reduce((sum, name) => sum + usage[name], 0);

/** Reserved for a cassette whose price nobody knows, micro-dollars. */
export const UNPRICED = 100_000;

export interface CassetteDesk {
  readonly rack: Rack;
  /** Asks a sample of the recorded questions again, live and paid, with the credentials of the configuration; for so much at most. */
  verify(sample: number, maxMicroUsd: number): Promise<CheckReport>;
  close(): void;
}

/** A folder of cassettes for the command line, and the providers to ask again. */
export function openCassettes(folder: string, config: Config, clock: Clock): CassetteDesk {
  const redactor = createRedactor();
  const rack = openRack({
    files: nodeCassetteFiles(folder),
    clock,
    mask: (text) => redactor.secrets(text).text,
  });
  const wire = createTransport({ clock, proxy: proxyOf(process.env) });
  const addresses = addressesOf(config);
  return {
    rack,
    verify: (sample, microUsd) =>
      rack.check({
        live: wire.transport,
        sample,
        request: (stored) => liveRequest(addresses, stored),
        budget: {
          microUsd,
          expect: ({ takes }) => takes.findLast(({ bill }) => bill)?.bill?.microUsd ?? UNPRICED,
          bill: labels(() => config, clock).bill,
        },
      }),
    close: () => wire.close(),
  };
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/;

/** The stored question as a call, with the credentials of whoever the configuration has at that address; undefined for nobody. */
function liveRequest(
  addresses: readonly Address[],
  { method, host, path, headers, body }: Cassette['request'],
): TransportRequest | undefined {
  const address = addresses.find(
    ({ base }) =>
      (LOOPBACK.test(base.hostname) ? 'local' : base.hostname) === host &&
      path.startsWith(base.pathname === '/' ? '/' : `${base.pathname}/`),
  );
  const model = (body as { model?: unknown } | null)?.model;
  if (!address || typeof model !== 'string') return undefined;
  const { kind, dialect, base, settings } = address;
  const below = path.slice(base.pathname === '/' ? 0 : base.pathname.length).split('?')[0] ?? '';
  const call = kind.request({
    dialect,
    baseUrl: base.href.replace(/\/+$/, ''),
    path: below,
    model,
    settings,
    ...(settings.apiKey && { apiKey: settings.apiKey }),
  });
  return {
    url: call.url,
    method,
    headers: { 'content-type': 'application/json', ...headers, ...Object.fromEntries(call.headers) },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}
