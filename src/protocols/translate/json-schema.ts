import { isObject, type Json, list, object } from '../shared/json.ts';

/** Members whose values are schemas, maps of schemas, or lists of schemas. */
const ONE = ['items', 'additionalItems', 'not', 'if', 'then', 'else', 'contains'] as const;
const MAPS = ['properties', '$defs', 'definitions', 'patternProperties'] as const;
const LISTS = ['anyOf', 'allOf', 'oneOf', 'prefixItems'] as const;

/** Beyond this depth a schema is taken as it stands: one that came from outside must not exhaust the stack. */
const MAX_DEPTH = 64;

const isObjectSchema = (schema: Json): boolean =>
  schema.type === 'object' || list(schema.type).includes('object') || isObject(schema.properties);

/** The schema with every open object closed, and the same schema when all were closed already. */
export function closed(schema: Json, depth = 0): Json {
  if (depth > MAX_DEPTH) return schema;
  const out: Json = { ...schema };
  let changed = false;
  const set = (key: string, value: unknown) => {
    if (value === schema[key]) return;
    out[key] = value;
    changed = true;
  };
  if (isObjectSchema(schema) && schema.additionalProperties !== false) set('additionalProperties', false);
  for (const key of ONE) if (isObject(schema[key])) set(key, closed(schema[key], depth + 1));
  for (const key of MAPS) {
    const map = schema[key];
    if (!isObject(map)) continue;
    const entries = Object.entries(map).map(([name, value]) => [
      name,
      isObject(value) ? closed(value, depth + 1) : value,
    ]);
    if (entries.some(([name, value]) => map[name as string] !== value)) set(key, Object.fromEntries(entries));
  }
  for (const key of LISTS) {
    const values = schema[key];
    if (!Array.isArray(values)) continue;
    const all = list(values).map((value) => (isObject(value) ? closed(value, depth + 1) : value));
    if (all.some((value, i) => value !== values[i])) set(key, all);
  }
  return changed ? out : schema;
}

const innerOf = (schema: Json): unknown[] => [
  ...ONE.map((key) => schema[key]),
  ...MAPS.flatMap((key) => Object.values(object(schema[key]))),
  ...LISTS.flatMap((key) => list(schema[key])),
];

/** Some object in it is a map: members of any name. Closed, it could only be empty. */
export function hasMap(schema: Json, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  const more = schema.additionalProperties;
  const named = Object.keys(object(schema.properties)).length > 0;
  if (isObject(more) || isObject(schema.patternProperties)) return true;
  if (isObjectSchema(schema) && !named && more !== false) return true;
  return innerOf(schema).some((value) => isObject(value) && hasMap(value, depth + 1));
}

/** OpenAI's strict mode takes it: every object closed, every member required. */
export function isStrict(schema: Json, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  if (isObjectSchema(schema)) {
    const required = new Set(list(schema.required));
    if (schema.additionalProperties !== false) return false;
    if (Object.keys(object(schema.properties)).some((name) => !required.has(name))) return false;
  }
  return innerOf(schema).every((value) => !isObject(value) || isStrict(value, depth + 1));
}
