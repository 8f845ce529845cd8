import { isObject, type Json, type JsonObject } from '../call.ts';
import type { Random } from '../draw.ts';
import { hintFor, nameWords, numberHint } from './hints.ts';
import { stringLike } from './pattern.ts';
import { subjectOf } from './prose.ts';

/**
 * A value valid against a JSON Schema (the part that structured output uses: types, enum, const, objects, arrays,
 * formats, patterns, bounds, anyOf, oneOf, allOf, $ref), taken from the text where a field's name matches something in it.
 */
export function valueFor(schema: JsonObject, text: string, random: Random): Json {
  return make(schema, { root: schema, text, random, name: '', depth: 0 });
}

interface Context {
  readonly root: JsonObject;
  readonly text: string;
  readonly random: Random;
  /** Of the field being filled. */
  readonly name: string;
  readonly depth: number;
}

/** Deeper than this, optional fields are left out and lists stay at their minimum, so that recursive schemas end. */
const DEEP = 5;
const HOPELESS = 40;

function make(given: Json | undefined, at: Context): Json {
  if (!isObject(given) || at.depth > HOPELESS) return given === false ? null : subjectOf(at.text);
  const schema = resolve(given, at.root);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return oneOf(schema.enum, at);
  const variants = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(variants)) return make(variantOf(schema, variants, at), { ...at, depth: at.depth + 1 });
  switch (typeOf(schema)) {
    case 'object':
      return object(schema, at);
    case 'array':
      return array(schema, at);
    case 'integer':
    case 'number':
      return number(schema, at);
    case 'boolean':
      return boolean(at);
    case 'null':
      return null;
    default:
      return string(schema, at);
  }
}

/** Follows `$ref` within the document and folds `allOf` in. */
function resolve(schema: JsonObject, root: JsonObject): JsonObject {
  let current = schema;
  for (let hops = 0; typeof current.$ref === 'string' && hops < 16; hops++) {
    let target: Json | undefined = root;
    for (const step of current.$ref.replace(/^#\/?/, '').split('/'))
      if (step !== '')
        target = isObject(target)
          ? target[decodeURIComponent(step).replace(/~1/g, '/').replace(/~0/g, '~')]
          : undefined;
    const { $ref, ...rest } = current;
    current = isObject(target) ? { ...target, ...rest } : rest;
  }
  if (!Array.isArray(current.allOf)) return current;
  const { allOf, ...own } = current;
  let merged: JsonObject = own;
  for (const part of allOf) if (isObject(part)) merged = merge(merged, resolve(part, root));
  return merged;
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const both = { ...a, ...b };
  const properties =
    isObject(a.properties) && isObject(b.properties) ? { ...a.properties, ...b.properties } : both.properties;
  const required = [...asList(a.required), ...asList(b.required)];
  return { ...both, ...(properties ? { properties } : {}), ...(required.length > 0 ? { required } : {}) };
}
const asList = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** The first variant that is not null; deep down null is welcome, since it ends a recursion. */
function variantOf(schema: JsonObject, variants: readonly Json[], at: Context): Json | undefined {
  const { anyOf, oneOf: _, ...rest } = schema;
  const isNull = (variant: Json) => isObject(variant) && variant.type === 'null';
  const chosen =
    at.depth >= DEEP ? (variants.find(isNull) ?? variants.at(-1)) : variants.find((v) => !isNull(v));
  return isObject(chosen) ? merge(rest, chosen) : chosen;
}

function typeOf(schema: JsonObject): string {
  const type = Array.isArray(schema.type) ? schema.type.find((t) => t !== 'null') : schema.type;
  if (typeof type === 'string') return type;
  if (schema.properties || schema.required || schema.additionalProperties) return 'object';
  if (schema.items || schema.prefixItems) return 'array';
  return schema.minimum !== undefined || schema.maximum !== undefined ? 'number' : 'string';
}

/** The member that the text names, longest first; else the first. */
function oneOf(values: readonly Json[], { text }: Context): Json {
  const said = values
    .filter((value): value is string => typeof value === 'string' && value !== '')
    .sort((a, b) => b.length - a.length)
    .find((value) => {
      const words = nameWords(value).join('[\\s_-]*');
      return (
        words !== '' &&
        new RegExp(`(?<![\\p{L}\\p{N}])${words}(?![\\p{L}\\p{N}])`, 'iu').test(text.slice(0, 8000))
      );
    });
  return said ?? values[0] ?? null;
}

function object(schema: JsonObject, at: Context): Json {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(asList(schema.required).map(String));
  const out: Record<string, Json> = {};
  for (const [name, property] of Object.entries(properties))
    if (required.has(name) || at.depth < DEEP)
      out[name] = make(property, { ...at, name, depth: at.depth + 1 });
  for (const name of required)
    if (!(name in out))
      out[name] = make(isObject(schema.additionalProperties) ? schema.additionalProperties : {}, {
        ...at,
        name,
        depth: at.depth + 1,
      });
  const least = integer(schema.minProperties) ?? 0;
  for (let i = 1; Object.keys(out).length < least; i++)
    out[`extra${i}`] = make(isObject(schema.additionalProperties) ? schema.additionalProperties : {}, {
      ...at,
      depth: at.depth + 1,
    });
  return out;
}

function array(schema: JsonObject, at: Context): Json {
  const least = integer(schema.minItems) ?? 0;
  const most = integer(schema.maxItems) ?? Number.POSITIVE_INFINITY;
  const fixed = asList(schema.prefixItems);
  const wanted = at.depth >= DEEP ? least : Math.max(least, fixed.length, 1);
  const out: Json[] = [];
  // Unique items may repeat by chance; a bounded number of tries keeps an impossible schema from hanging.
  for (let i = 0; out.length < Math.min(wanted, most) && i < wanted * 8; i++) {
    const item = fixed[out.length] ?? schema.items ?? {};
    // Only the first may quote the text: three equal entries would look like a mistake.
    const text = out.length === 0 ? at.text : `${subjectOf(at.text)} ${out.length + 1}`;
    const value = make(item, { ...at, text, name: at.name.replace(/s$/, ''), depth: at.depth + 1 });
    const distinct = i > 0 && schema.uniqueItems === true ? varied(item, value, out.length, i) : value;
    if (
      schema.uniqueItems === true &&
      out.some((other) => JSON.stringify(other) === JSON.stringify(distinct))
    )
      continue;
    out.push(distinct);
  }
  return out;
}

function varied(item: Json, value: Json, n: number, tries: number): Json {
  if (isObject(item) && Array.isArray(item.enum)) return item.enum[(n + tries) % item.enum.length] as Json;
  return typeof value === 'number' ? value + n : value;
}

const integer = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

function number(schema: JsonObject, { name, text, random }: Context): number {
  const whole = typeOf(schema) === 'integer';
  const step = integer(schema.multipleOf) ?? (whole ? 1 : undefined);
  const tiny = step ?? 1e-6;
  const above = integer(schema.exclusiveMinimum);
  const below = integer(schema.exclusiveMaximum);
  const min = Math.max(
    integer(schema.minimum) ?? Number.NEGATIVE_INFINITY,
    above === undefined ? Number.NEGATIVE_INFINITY : above + tiny,
  );
  const max = Math.min(
    integer(schema.maximum) ?? Number.POSITIVE_INFINITY,
    below === undefined ? Number.POSITIVE_INFINITY : below - tiny,
  );
  const hint = numberHint(name, text);
  const free = () => {
    const from = Number.isFinite(min) ? min : Number.isFinite(max) ? Math.min(0, max - 100) : 0;
    return from + random() * (Math.min(max, from + 100) - from);
  };
  const wanted = hint !== undefined && hint >= min && hint <= max ? hint : free();
  if (step === undefined)
    return Number(wanted.toFixed(2)) >= min && Number(wanted.toFixed(2)) <= max
      ? Number(wanted.toFixed(2))
      : wanted;
  const stepped = Math.round(wanted / step) * step;
  const fitted =
    stepped < min ? Math.ceil(min / step) * step : stepped > max ? Math.floor(max / step) * step : stepped;
  // 0.1 * 3 is not 0.3: rounded to the digits of the step.
  return Number(fitted.toFixed(Math.min(12, (String(step).split('.')[1] ?? '').length)));
}

/** True when the text speaks of it and does not deny it. */
function boolean({ name, text }: Context): boolean {
  const words = nameWords(name.replace(/^(?:is|has|should|can|was|did)(?=[_A-Z])/, ''));
  const label = words.join('[\\s_-]*');
  if (label === '') return false;
  const sample = text.slice(0, 8000);
  const explicit = new RegExp(`${label}\\s*(?::|=|is)\\s*(true|yes|false|no)\\b`, 'iu').exec(sample);
  if (explicit) return /true|yes/i.test(explicit[1] as string);
  const said = new RegExp(
    `(\\b(?:not|no|never|without|isn't|don't|nicht|kein\\w*|pas|sin|senza|sem)\\b[^.]{0,20})?(?<![\\p{L}])${label}`,
    'iu',
  ).exec(sample);
  return said !== null && said[1] === undefined;
}

const FORMATS: Readonly<Record<string, (random: Random) => string>> = {
  'date-time': (r) => `${day(r)}T${two(r, 24)}:${two(r, 60)}:00Z`,
  date: (r) => day(r),
  time: (r) => `${two(r, 24)}:${two(r, 60)}:00Z`,
  duration: (r) => `PT${1 + Math.floor(r() * 59)}M`,
  email: () => 'ada.lovelace@example.com',
  'idn-email': () => 'ada.lovelace@example.com',
  hostname: () => 'host.example.com',
  ipv4: (r) => `192.0.2.${1 + Math.floor(r() * 254)}`,
  ipv6: () => '2001:db8::1',
  uri: () => 'https://example.com/',
  url: () => 'https://example.com/',
  'uri-reference': () => '/path',
  uuid: (r) => `${hex(r, 8)}-${hex(r, 4)}-4${hex(r, 3)}-a${hex(r, 3)}-${hex(r, 12)}`,
};
const two = (r: Random, n: number): string => String(Math.floor(r() * n)).padStart(2, '0');
const day = (r: Random): string =>
  `2026-${String(1 + Math.floor(r() * 12)).padStart(2, '0')}-${String(1 + Math.floor(r() * 28)).padStart(2, '0')}`;
const hex = (r: Random, n: number): string =>
  Array.from({ length: n }, () => Math.floor(r() * 16).toString(16)).join('');

const FITS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/,
  time: /^\d{2}:\d{2}:\d{2}/,
  email: /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/,
  uri: /^[a-z]+:\/\/\S+$/i,
  url: /^[a-z]+:\/\/\S+$/i,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i,
};

function string(schema: JsonObject, { name, text, random }: Context): string {
  const { format, pattern } = schema;
  const least = integer(schema.minLength) ?? 0;
  const most = integer(schema.maxLength) ?? Number.POSITIVE_INFINITY;
  const length = (value: string) => [...value].length;
  const known = typeof format === 'string' ? FITS[format] : undefined;
  const expression = typeof pattern === 'string' ? safeRegex(pattern) : undefined;
  const fits = (value: string) =>
    (known?.test(value) ?? (typeof format !== 'string' || !(format in FORMATS))) &&
    (expression?.test(value) ?? true) &&
    length(value) >= least &&
    length(value) <= most;
  const hint =
    hintFor(name, text) ??
    (format === 'date' || format === 'email' || format === 'uri' ? hintFor(format, text) : undefined);
  if (hint !== undefined && fits(hint)) return hint;
  if (typeof pattern === 'string') return stringLike(pattern, random, least, most);
  if (typeof format === 'string' && FORMATS[format]) return FORMATS[format](random);
  const plain = hint ?? `${nameWords(name).join(' ')}${name === '' ? '' : ': '}${subjectOf(text)}`;
  const long = length(plain) < least ? plain + '.'.repeat(least - length(plain)) : plain;
  return Number.isFinite(most) ? [...long].slice(0, most).join('') : long;
}

function safeRegex(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}
