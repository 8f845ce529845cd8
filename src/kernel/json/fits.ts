type Schema = Readonly<Record<string, unknown>>;

/** Deeper than this a schema is taken to hold: one that came from outside must not exhaust the stack. */
const DEEP = 32;

/**
 * Does a value fit a JSON Schema? The part of the language that tools and structured output use: types, enum, const,
 * objects, arrays, anyOf, oneOf, allOf and references within the schema; whatever else it says is taken to hold, so that a
 * value is called wrong only where it surely is.
 */
export const fits = (value: unknown, schema: unknown): boolean => check(value, schema, schema, 0);

const isRecord = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function check(value: unknown, given: unknown, root: unknown, depth: number): boolean {
  if (given === false) return false;
  if (!isRecord(given) || depth > DEEP) return true;
  const inner = (one: unknown, its: unknown) => check(one, its, root, depth + 1);
  if (typeof given.$ref === 'string') return inner(value, resolve(given.$ref, root));
  const schema = given;
  const types = typeof schema.type === 'string' ? [schema.type] : listOf(schema.type);
  if (types.length > 0 && !types.some((type) => isOf(value, type))) return false;
  if ('const' in schema && !same(value, schema.const)) return false;
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => same(value, one))) return false;
  if (!listOf(schema.allOf).every((one) => inner(value, one))) return false;
  for (const some of [schema.anyOf, schema.oneOf])
    if (Array.isArray(some) && !some.some((one) => inner(value, one))) return false;
  if (Array.isArray(value)) return !('items' in schema) || value.every((one) => inner(one, schema.items));
  return !isRecord(value) || fitsObject(value, schema, inner);
}

function fitsObject(value: Schema, schema: Schema, inner: (one: unknown, its: unknown) => boolean): boolean {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  if (!listOf(schema.required).every((name) => Object.hasOwn(value, String(name)))) return false;
  return Object.entries(value).every(([name, one]) => {
    if (Object.hasOwn(properties, name)) return inner(one, properties[name]);
    // Names by pattern are not looked at, so nothing can be said of further names where there are any.
    return 'patternProperties' in schema || inner(one, schema.additionalProperties);
  });
}

/** `#/$defs/address`; undefined for what lies elsewhere or nowhere. */
const resolve = (reference: string, root: unknown): unknown =>
  reference.startsWith('#')
    ? reference
        .slice(1)
        .split('/')
        .filter(Boolean)
        .reduce<unknown>(
          (at, part) => (isRecord(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
          root,
        )
    : undefined;

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function isOf(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}
