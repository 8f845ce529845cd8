import { expect, test } from 'bun:test';
import { files, importsOf, isTest, resolveImport, roomOf } from './tree.ts';

/** Who may import whom. `app` composes, so it may import every storey; drills, test and bench may import anything. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  kernel: ['contracts'],
  protocols: ['contracts', 'kernel'],
  guards: ['contracts', 'kernel'],
  detectors: ['contracts', 'kernel'],
  store: ['contracts', 'kernel'],
  wire: ['contracts', 'kernel'],
  gateway: ['contracts', 'kernel'],
  ledger: ['contracts', 'kernel'],
  cassettes: ['contracts', 'kernel'],
  freeze: ['contracts', 'kernel'],
  idempotency: ['contracts', 'kernel'],
  runs: ['contracts', 'kernel'],
  ramps: ['contracts', 'kernel'],
  routers: ['contracts', 'kernel'],
  replicas: ['contracts', 'kernel'],
  tiers: ['contracts', 'kernel'],
  metrics: ['contracts', 'kernel'],
  telemetry: ['contracts', 'kernel'],
  monitors: ['contracts', 'kernel'],
  evals: ['contracts', 'kernel'],
  agents: ['contracts', 'kernel'],
  providers: ['contracts', 'kernel', 'protocols'],
  simulator: ['contracts', 'kernel', 'protocols'],
  api: ['contracts', 'kernel'],
  app: [
    'contracts',
    'kernel',
    'protocols',
    'guards',
    'detectors',
    'store',
    'wire',
    'gateway',
    'ledger',
    'cassettes',
    'freeze',
    'idempotency',
    'runs',
    'ramps',
    'routers',
    'replicas',
    'tiers',
    'metrics',
    'telemetry',
    'monitors',
    'evals',
    'agents',
    'providers',
    'simulator',
    'api',
  ],
  cli: ['contracts', 'kernel', 'sdk', 'evals', 'app', 'drills'],
  sdk: ['contracts'],
  console: ['contracts', 'sdk'],
};

/** Packages a room may use beside those of its storey; everything else belongs in `app` or nowhere. */
const SCHEMA = 'zod';
const WORKSPACE: Readonly<Record<string, string>> = {
  '@midwatch/contracts': 'contracts',
  '@midwatch/sdk': 'sdk',
  '@midwatch/console': 'console',
};

const sources = files(/^(contracts|src|sdk|console)\/.*\.tsx?$/).filter((f) => !isTest(f));

test('every import goes down the table of layers', () => {
  const broken: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const may = MAY[room];
    if (!may) {
      broken.push(`${file}: room "${room}" is not in the table`);
      continue;
    }
    for (const path of importsOf(file)) {
      const target = resolveImport(file, path);
      const other =
        target.kind === 'file'
          ? roomOf(target.name)
          : target.kind === 'door'
            ? (target.name.slice(1).split('/')[0] as string)
            : WORKSPACE[target.name];
      if (other !== undefined && other !== room && !may.includes(other))
        broken.push(`${file} imports ${path}: ${room} may not import ${other}`);
    }
  }
  expect(broken).toEqual([]);
});

test('contracts and sdk carry no package but the schema library, and contracts no I/O', () => {
  const broken: string[] = [];
  for (const file of sources.filter((f) => /^(contracts|sdk)\//.test(f)))
    for (const path of importsOf(file)) {
      const { kind, name } = resolveImport(file, path);
      if (kind === 'package' && name !== SCHEMA && !(name in WORKSPACE))
        broken.push(`${file} imports ${path}`);
    }
  expect(broken).toEqual([]);
});

test('rooms do not depend on each other in a circle', () => {
  const edges = new Map<string, Set<string>>();
  for (const file of sources)
    for (const path of importsOf(file)) {
      const target = resolveImport(file, path);
      const other =
        target.kind === 'door'
          ? (target.name.slice(1).split('/')[0] as string)
          : target.kind === 'package'
            ? WORKSPACE[target.name]
            : roomOf(target.name);
      if (other && other !== roomOf(file))
        edges.set(roomOf(file), (edges.get(roomOf(file)) ?? new Set()).add(other));
    }
  const circle = (room: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room];
    for (const next of edges.get(room) ?? []) {
      const found = circle(next, [...path, room]);
      if (found) return found;
    }
    return undefined;
  };
  for (const room of edges.keys()) expect(circle(room, [])).toBeUndefined();
});
