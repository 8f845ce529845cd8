import { z } from 'zod';
import { DEFAULT_FILE, providers } from '#app';
import { configSchema } from '#contracts';

interface Json {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Json | boolean;
  readonly items?: Json;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

const schemaOf = (schema: z.ZodType): Json =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;

/** The reference page of the configuration, from its schema and from the providers' own settings. */
export function configPage(): string {
  return [
    '# Configuration',
    '',
    'Generated from the schema of the configuration by `src/cli/reference.gen.ts`; a test keeps it so.',
    '',
    `One file, \`${DEFAULT_FILE}\` in the folder of the start or the one given with \`--config\`. Unknown keys are refused with the nearest known one and the line. \`midwatch config check\` reads it without starting anything.`,
    '',
    `\`$${'{NAME}'}\` stands for a variable of the environment, \`$${'{NAME:-otherwise}'}\` for one that may be missing.`,
    '',
    'Durations: `250ms`, `10s`, `5m`, `2h`, `30d`, or a whole number of milliseconds. Sizes: `512MB`, `20GB`, `32MiB`, or a whole number of bytes.',
    '',
    '| key | value | default | means |',
    '|---|---|---|---|',
    ...rows(schemaOf(configSchema), ''),
    '',
    '## Settings of the providers',
    '',
    'An entry under `providers` takes the keys above and those of its kind. The kind is the name of the entry unless `kind` or `protocol` says otherwise.',
    '',
    '| kind | speaks | default address | key of the environment | own settings |',
    '|---|---|---|---|---|',
    ...providers.map(
      (p) =>
        `| \`${p.name}\` | ${p.dialects.join(', ')} | ${address(p.baseUrl)} | ${p.keyVariable ? `\`${p.keyVariable}\`` : '–'} | ${own(schemaOf(p.params))} |`,
    ),
    '',
  ].join('\n');
}

/** What a file that says next to nothing becomes: JSON Schema cannot carry the default of a value that is transformed. */
const DEFAULTS: unknown = configSchema.parse({
  providers: { name: {} },
  routes: { name: { tiers: [{ name: 'name', reply: '' }] } },
});
/** Written above only because the schema asks for something there. */
const ASKED_FOR = /tiers\[\]\.(name|reply)$/;

function defaultAt(path: string): unknown {
  if (ASKED_FOR.test(path)) return undefined;
  const steps = path.replaceAll('[]', '.0').replaceAll('<name>', 'name').split('.');
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], DEFAULTS);
}

/** One row a leaf; names that the user chooses stand in angle brackets. */
function rows(schema: Json, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const at = path ? `${path}.${key}` : key;
    return deeper(value, at) ?? [row(at, value, schema.required?.includes(key) === true)];
  });
}

function deeper(value: Json, at: string): string[] | undefined {
  // One entry or a list of them: the keys of the one are those of each in the list.
  const one = value.anyOf?.find((branch) => branch.properties);
  const many = value.anyOf?.some((branch) => branch.items?.properties);
  if (one && many) return [row(at, value, false), ...rows(one, at)];
  if (value.properties) return rows(value, at);
  if (value.items?.properties) return rows(value.items, `${at}[]`);
  if (typeof value.additionalProperties === 'object' && value.additionalProperties.properties)
    return rows(value.additionalProperties, `${at}.<${at.endsWith('prices') ? 'model' : 'name'}>`);
  return undefined;
}

const row = (path: string, value: Json, required: boolean): string =>
  `| \`${path}\` | ${kindOf(value)} | ${shown(value, defaultAt(path)) ?? (required ? 'required' : '–')} | ${(value.description ?? '').replaceAll('|', '\\|')} |`;

function kindOf(value: Json): string {
  if (value.enum) return value.enum.map((v) => `\`${String(v)}\``).join(', ');
  const pattern = value.anyOf?.find((branch) => branch.pattern !== undefined)?.pattern;
  if (pattern?.includes('ms|s|m|h|d')) return 'duration';
  if (pattern?.endsWith('B$')) return 'size';
  if (value.format === 'uri') return 'URL';
  if (value.type === 'integer' || value.type === 'number') {
    const { minimum, exclusiveMinimum, maximum } = value;
    const from = minimum ?? `above ${exclusiveMinimum}`;
    const range = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `, ${from} to ${maximum}` : '';
    return `${value.type === 'integer' ? 'whole number' : 'number'}${range}`;
  }
  if (value.type === 'boolean') return '`true`, `false`';
  return 'text';
}

const DURATIONS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const SIZES = [
  ['GB', 1e9],
  ['MiB', 1024 ** 2],
  ['MB', 1e6],
] as const;

/** A default as a person would write it. */
function shown(value: Json, n: unknown): string | undefined {
  if (n === undefined) return undefined;
  if (typeof n === 'object')
    return Object.keys(n ?? {}).length === 0 ? undefined : `\`${JSON.stringify(n)}\``;
  const kind = kindOf(value);
  if (typeof n !== 'number' || (kind !== 'duration' && kind !== 'size')) return `\`${String(n)}\``;
  const unit = (kind === 'duration' ? DURATIONS : SIZES).find(([, size]) => n >= size && n % size === 0);
  return unit ? `\`${n / unit[1]}${unit[0]}\`` : `\`${n}\``;
}

const address = (urls: Readonly<Partial<Record<string, string>>>): string =>
  [...new Set(Object.values(urls))].map((url) => `\`${url}\``).join(', ') || '– (set `baseUrl`)';

const own = (schema: Json): string =>
  Object.entries(schema.properties ?? {})
    .map(
      ([key, value]) =>
        `\`${key}\`${value.description ? `: ${value.description.replaceAll('|', '\\|')}` : ''}`,
    )
    .join('<br>') || '–';
