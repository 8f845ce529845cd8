import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type Config, configSchema, type EpochMs, err, ok, type Provider, type Result } from '#contracts';
import { nearest } from '#kernel';
import { protocols } from '#protocols';
import { findProvider, providers } from '#providers';
import { type ConfigProblem, formatPath } from './problems.ts';
import { rampProblems } from './ramp.ts';
import { routerProblems } from './router.ts';
import { expiredProblems, tierProblems } from './tiers.ts';
import { twinProblems } from './twins.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Text of `midwatch.yaml` to a configuration, or everything that is wrong with it, each with its line. With `now` also what
 * is past its end or can never serve.
 */
export function parseConfig(
  text: string,
  env: Environment,
  now?: EpochMs,
): Result<Config, readonly ConfigProblem[]> {
  const lines = new LineCounter();
  const doc = parseDocument(veil(text), { lineCounter: lines, prettyErrors: false });
  // What the parser says behind its first error is mostly what follows from it.
  const [broken] = doc.errors;
  if (broken)
    return err([
      { line: lines.linePos(broken.pos[0]).line, path: '', message: unveil(firstLine(broken.message)) },
    ]);
  if (doc.contents !== null && !isMap(doc.contents))
    return err([
      { line: 1, path: '', message: 'expected a mapping of settings such as `listen:` or `routes:`' },
    ]);

  const lineOf = (path: readonly PropertyKey[], key?: string): number | undefined => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = doc.getIn(path.slice(0, depth) as unknown[], true);
      if (key !== undefined && depth === path.length && isMap(node)) {
        const found = node.items.find((item) => String(item.key) === key)?.key;
        if (isNode(found) && found.range) return lines.linePos(found.range[0]).line;
      }
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };

  const missing: ConfigProblem[] = [];
  const written = plain(doc);
  if (written === undefined)
    return err([
      { line: 1, path: '', message: 'an alias (`*name`) holds itself or far too much; write it out' },
    ]);
  const raw = substitute(written ?? {}, [], env, (path, name) =>
    missing.push({
      ...at(lineOf(path)),
      path: formatPath(path),
      message: `the environment has no ${name}; set it, or write the value here`,
    }),
  );
  const asText = configSchema.safeParse(raw);
  const parsed = asText.success ? asText : configSchema.safeParse(typed(raw, written, asText.error.issues));
  if (!parsed.success)
    return err([...missing, ...parsed.error.issues.flatMap((issue) => explain(issue, lineOf))]);
  const problems = [...missing, ...references(parsed.data, lineOf, now)];
  return problems.length > 0 ? err(problems) : ok(parsed.data);
}

const firstLine = (message: string): string => message.split('\n', 1)[0] ?? message;
const at = (line: number | undefined) => (line === undefined ? {} : { line });
type LineOf = (path: readonly PropertyKey[], key?: string) => number | undefined;

/** In place of the braces of `${NAME}`, which within `{ … }` would be YAML's own. One character each, so that no column shifts. */
const OPEN = '\uE000';
const CLOSE = '\uE001';
const veil = (text: string): string => text.replace(/\$\{([^{}\n]*)\}/g, `$$${OPEN}$1${CLOSE}`);
const unveil = (text: string): string => text.replaceAll(OPEN, '{').replaceAll(CLOSE, '}');

/** What was written as plain values; undefined when aliases make it endless. */
function plain(doc: Document): unknown {
  try {
    const value: unknown = doc.toJS() ?? null;
    // A value that holds itself has no text.
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}

/** `${NAME}` and `${NAME:-default}` in any string. */
function substitute(
  value: unknown,
  path: readonly PropertyKey[],
  env: Environment,
  onMissing: (path: readonly PropertyKey[], name: string) => void,
): unknown {
  if (typeof value === 'string')
    return unveil(value).replace(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (_, name: string, otherwise?: string) => {
        const found = env[name] ?? otherwise;
        if (found === undefined) onMissing(path, name);
        return found ?? '';
      },
    );
  if (Array.isArray(value)) return value.map((item, i) => substitute(item, [...path, i], env, onMissing));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        unveil(key),
        substitute(item, [...path, key], env, onMissing),
      ]),
    );
  return value;
}

/** `port: ${PORT}`: the environment holds nothing but text, so what comes from there is a number where one is wanted. */
function typed(raw: unknown, written: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  for (const { code, path, ...rest } of issues) {
    const expected = code === 'invalid_type' && 'expected' in rest ? rest.expected : undefined;
    const last = path.at(-1);
    if (last === undefined || !String(within(written, path)).startsWith(`$${OPEN}`)) continue;
    const holder = within(raw, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    const text = String(holder[last]).trim();
    if (expected === 'number' && text !== '' && Number.isFinite(Number(text))) holder[last] = Number(text);
    if (expected === 'boolean' && /^(true|false)$/.test(text)) holder[last] = text === 'true';
  }
  return raw;
}

const within = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((held: unknown, key) => (held as Record<PropertyKey, unknown> | undefined)?.[key], value);

function explain(issue: z.core.$ZodIssue, lineOf: LineOf): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => {
      const guess = nearest(key, known);
      return {
        ...at(lineOf(issue.path, key)),
        path: formatPath([...issue.path, key]),
        message: guess
          ? `unknown key; did you mean "${guess}"?`
          : `unknown key; known here: ${known.join(', ')}`,
      };
    });
  }
  if (issue.code === 'invalid_key') {
    const [why] = issue.issues;
    const key = JSON.stringify(issue.path.at(-1));
    return [
      {
        ...at(lineOf(issue.path)),
        path: formatPath(issue.path),
        message: `${key} cannot be a name here: ${why?.message ?? issue.message}`,
      },
    ];
  }
  // A union reports each branch that failed; what was meant is the one whose kind of value it is.
  const meant =
    issue.code === 'invalid_union'
      ? issue.errors.find((branch) => !branch.some((e) => e.code === 'invalid_type' && e.path.length === 0))
      : undefined;
  if (meant && meant.length > 0)
    return meant.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }, lineOf));
  return [{ ...at(lineOf(issue.path)), path: formatPath(issue.path), message: issue.message }];
}

/** Keys that the schema knows at a path, found by walking it. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: z.core.$ZodType | undefined = configSchema;
  for (const key of path) {
    const whole: z.core.$ZodType | undefined = unwrap(schema);
    // One entry or a list of them: the path tells which was written.
    const here: z.core.$ZodType | undefined =
      whole instanceof z.ZodUnion
        ? whole.options.find((one) => one instanceof z.ZodArray === (typeof key === 'number'))
        : whole;
    if (here instanceof z.ZodObject) schema = here.shape[String(key)];
    else if (here instanceof z.ZodRecord) schema = here.valueType;
    else if (here instanceof z.ZodArray) schema = here.element;
    else return [];
  }
  const last = unwrap(schema);
  if (last instanceof z.ZodUnion)
    return last.options.flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));
  return last instanceof z.ZodObject ? Object.keys(last.shape) : [];
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let here = schema;
  for (;;) {
    if (here instanceof z.ZodDefault || here instanceof z.ZodPrefault || here instanceof z.ZodOptional)
      here = here.unwrap();
    // What is written is what goes in, whatever a transform makes of it.
    else if (here instanceof z.ZodPipe) here = here.in;
    else return here;
  }
}

/** The member of the provider family behind an entry: as it says, else by its own name, else by its dialect. */
export function kindOf(name: string, settings: Readonly<Record<string, unknown>>): Provider | undefined {
  const kind = settings.kind ?? (findProvider(name) ? name : settings.protocol);
  return typeof kind === 'string' ? findProvider(kind) : undefined;
}

/** What a route may match: a dialect, or one protocol of it. */
const DIALECTS = [...new Set(protocols.flatMap(({ dialect, name }) => [dialect, name]))];

/** What the schema cannot see: names that must exist elsewhere in the file, and settings of the provider's own. */
function references(config: Config, lineOf: LineOf, now: EpochMs | undefined): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const say = (path: readonly PropertyKey[], message: string) =>
    problems.push({ ...at(lineOf(path)), path: formatPath(path), message });
  for (const [name, settings] of Object.entries(config.providers)) {
    const kind = kindOf(name, settings);
    if (!kind) {
      const known = providers.map((p) => p.name);
      if (settings.kind !== undefined)
        say(['providers', name, 'kind'], `no provider of this kind; known: ${known.join(', ')}`);
      else
        say(
          ['providers', name],
          `say what it speaks: \`protocol: openai\` or \`protocol: anthropic\`, or \`kind:\` one of ${known.join(', ')}`,
        );
      continue;
    }
    if (settings.baseUrl === undefined && Object.keys(kind.baseUrl).length === 0)
      say(['providers', name], `kind ${kind.name} has no default address; set \`baseUrl\``);
    const { threads } = config.gateway;
    if (settings.concurrency && settings.concurrency.max < threads)
      say(
        ['providers', name, 'concurrency', 'max'],
        `${settings.concurrency.max} places cannot be shared by ${threads} gateway threads: allow at least one a thread, or lower \`gateway.threads\``,
      );
    const own = kind.params.safeParse(settings);
    if (!own.success)
      for (const issue of own.error.issues) say(['providers', name, ...issue.path], issue.message);
    const shared = knownKeys(['providers', name]);
    const params = kind.params instanceof z.ZodObject ? Object.keys(kind.params.shape) : [];
    for (const key of Object.keys(settings).filter((k) => !shared.includes(k) && !params.includes(k))) {
      const guess = nearest(key, [...shared, ...params]);
      problems.push({
        ...at(lineOf(['providers', name], key)),
        path: formatPath(['providers', name, key]),
        message: guess
          ? `unknown key; did you mean "${guess}"?`
          : `unknown key; known here: ${[...shared, ...params].join(', ')}`,
      });
    }
  }
  const known = (path: readonly PropertyKey[], provider: string) => {
    if (config.providers[provider]) return;
    const names = Object.keys(config.providers);
    const guess = nearest(provider, names);
    say(
      path,
      `no provider "${provider}"${guess ? `; did you mean "${guess}"?` : ` under \`providers\`${names.length > 0 ? ` (${names.join(', ')})` : ''}`}`,
    );
  };
  if (now !== undefined) twinProblems(config.routes, (route, message) => say(['routes', route], message));
  for (const [route, settings] of Object.entries(config.routes)) {
    const { match, tiers, shadow } = settings;
    const below = (path: readonly PropertyKey[], message: string) => say(['routes', route, ...path], message);
    const { protocol } = match;
    if (protocol !== undefined && !DIALECTS.includes(protocol)) {
      const guess = nearest(protocol, DIALECTS);
      below(
        ['match', 'protocol'],
        `nobody speaks "${protocol}"; ${guess ? `did you mean "${guess}"?` : `known: ${DIALECTS.join(', ')}`}`,
      );
    }
    tierProblems(settings, below);
    rampProblems(settings, below);
    routerProblems(settings, below);
    if (now !== undefined) expiredProblems(settings, now, below);
    if (shadow) known(['routes', route, 'shadow', 'target', 'provider'], shadow.target.provider);
    const seen = new Set<string>();
    tiers.forEach((tier, t) => {
      const path = ['routes', route, 'tiers', t];
      if (seen.has(tier.name)) say([...path, 'name'], `two tiers are called "${tier.name}"`);
      seen.add(tier.name);
      if ((tier.targets === undefined) === (tier.reply === undefined))
        say(path, 'give a tier either `targets` or a canned `reply`');
      for (const [i, target] of (tier.targets ?? []).entries())
        known([...path, 'targets', i, 'provider'], target.provider);
    });
  }
  return problems;
}
