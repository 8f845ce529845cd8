/** What an answer looks like, whatever it says. Paths without indices; for a stream, of all its events together. */
export interface Shape {
  /** Path → types seen there, sorted; `null` left out where another type was seen too. */
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly finish: readonly string[];
  readonly models: readonly string[];
  readonly tools: readonly string[];
}

const FINISH = new Set(['finish_reason', 'stop_reason']);

/** Shape of a body: one JSON document or an event stream. Undefined when it is neither. */
export function shapeOf(body: string, stream: boolean): Shape | undefined {
  const types = new Map<string, Set<string>>();
  const finish = new Set<string>();
  const models = new Set<string>();
  const tools = new Set<string>();
  const walk = (value: unknown, path: string, name: string): void => {
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    types.set(path, (types.get(path) ?? new Set()).add(type));
    if (typeof value === 'string') {
      if (FINISH.has(name)) finish.add(value);
      if (name === 'model') models.add(value);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const element of value) walk(element, `${path}[]`, '');
      return;
    }
    const own = value as Record<string, unknown>;
    const called = own.type === 'tool_use' || own.type === 'function_call' ? own : own.function;
    const tool = (called as { name?: unknown } | undefined)?.name;
    if (typeof tool === 'string') tools.add(tool);
    // What a model filled in is content, not shape.
    for (const [member, below] of Object.entries(own))
      if (!(own.type === 'tool_use' && member === 'input')) walk(below, `${path}.${member}`, member);
  };
  let read = 0;
  for (const doc of stream ? documents(body) : [body]) {
    const value = parse(doc);
    if (value === undefined) continue;
    read++;
    // Events of one stream are different documents; their own word for what they are keeps them apart.
    const kind = stream ? (value as { type?: unknown } | null)?.type : undefined;
    walk(value, typeof kind === 'string' ? `(${kind})` : '', '');
  }
  if (read === 0) return undefined;
  const list = (set: ReadonlySet<string>) => [...set].sort();
  return {
    types: new Map(
      [...types].map(([path, seen]) => [path, list(seen).filter((t) => t !== 'null' || seen.size === 1)]),
    ),
    finish: list(finish),
    models: list(models),
    tools: list(tools),
  };
}

const documents = (body: string) =>
  body
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((event) => [...event.matchAll(/^data: ?(.*?)\r?$/gm)].map((line) => line[1]).join('\n'));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Drift {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly retyped: readonly { readonly path: string; readonly was: string; readonly is: string }[];
  readonly finish?: Change;
  readonly model?: Change;
  readonly tools?: Change;
}

interface Change {
  readonly was: string;
  readonly is: string;
}

/**
 * How far one shape is from another, 0 to 1: the largest of four Jaccard distances, 1 − |A ∩ B| / |A ∪ B|, over members with their types,
 * reasons for the end, models, and tools. A mean would hide another reason for the end behind thirty members that stayed. 0
 * exactly where nothing drifted.
 */
export function distanceOf(was: Shape, is: Shape): number {
  const paths = new Set([...was.types.keys(), ...is.types.keys()]);
  let alike = 0;
  for (const path of paths) {
    const [a, b] = [was.types.get(path), is.types.get(path)];
    if (a && b && (a.includes('null') || b.includes('null') || a.join() === b.join())) alike++;
  }
  return Math.max(
    paths.size === 0 ? 0 : 1 - alike / paths.size,
    apart(was.finish, is.finish),
    apart(was.models, is.models),
    apart(was.tools, is.tools),
  );
}

function apart(a: readonly string[], b: readonly string[]): number {
  const all = new Set([...a, ...b]);
  return all.size === 0 ? 0 : 1 - (a.length + b.length - all.size) / all.size;
}

/** For a person. */
export const sayDrift = ({ added, removed, retyped, finish, model, tools }: Drift): string =>
  [
    ...removed.map((path) => `${path} is gone`),
    ...added.map((path) => `${path} is new`),
    ...retyped.map(({ path, was, is }) => `${path} was ${was}, is ${is}`),
    ...Object.entries({ 'reason for the end': finish, model, tools }).flatMap(([name, change]) =>
      change ? [`${name} was ${change.was || 'none'}, is ${change.is || 'none'}`] : [],
    ),
  ].join('; ');

/** What changed from one shape to another; undefined when nothing did. */
export function driftOf(was: Shape, is: Shape): Drift | undefined {
  // Below a member that is gone, every member is gone: one finding, not thirty.
  const outermost = (paths: readonly string[]) =>
    paths.filter((p) => !paths.some((q) => q !== p && (p.startsWith(`${q}.`) || p.startsWith(`${q}[`))));
  const added = outermost([...is.types.keys()].filter((path) => !was.types.has(path)).sort());
  const removed = outermost([...was.types.keys()].filter((path) => !is.types.has(path)).sort());
  const retyped = [...was.types].flatMap(([path, types]) => {
    const now = is.types.get(path);
    // A value that may be null is one thing, a text that became a list another.
    if (!now || types.includes('null') || now.includes('null')) return [];
    return types.join('|') === now.join('|') ? [] : [{ path, was: types.join('|'), is: now.join('|') }];
  });
  const change = (a: readonly string[], b: readonly string[]): Change | undefined =>
    a.join() === b.join() ? undefined : { was: a.join(), is: b.join() };
  const [finish, model, tools] = [
    change(was.finish, is.finish),
    change(was.models, is.models),
    change(was.tools, is.tools),
  ];
  if (added.length + removed.length + retyped.length === 0 && !finish && !model && !tools) return undefined;
  return {
    added,
    removed,
    retyped,
    ...(finish && { finish }),
    ...(model && { model }),
    ...(tools && { tools }),
  };
}
