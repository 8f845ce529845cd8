import { isObject, type Json, type JsonObject } from '../call.ts';
import { badRequest, type Problem } from '../problem.ts';

/** OpenAI's own sentences for a field that is missing, of the wrong type or out of range. */

export const missing = (param: string): Problem =>
  badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');

export const wrongType = (param: string, expected: string, got: Json | undefined): Problem =>
  badRequest(
    `Invalid type for '${param}': expected ${expected}, but got ${nameOf(got)} instead.`,
    param,
    'invalid_type',
  );

export const wrongValue = (param: string, got: Json | undefined, supported: readonly string[]): Problem =>
  badRequest(
    `Invalid value: '${String(got)}'. Supported values are: ${list(supported)}.`,
    param,
    'invalid_value',
  );

const list = (values: readonly string[]): string => {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
};

function nameOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number';
  return { string: 'a string', boolean: 'a boolean', object: 'an object' }[typeof value as string] ?? 'null';
}

/** Field, type, and bounds for numbers. A `null` counts as absent, as it does at OpenAI. */
type Rule = readonly [param: string, kind: 'boolean' | 'string' | 'object' | 'array'] | NumberRule;
type NumberRule = readonly [param: string, kind: 'integer' | 'number', min: number, max: number];

/** The first broken rule, in the order given. */
export function checkFields(body: JsonObject, rules: readonly Rule[]): Problem | undefined {
  for (const rule of rules) {
    const [param, kind] = rule;
    const value = body[param];
    if (value === undefined || value === null) continue;
    if (kind === 'integer' || kind === 'number') {
      const [, , min, max] = rule as NumberRule;
      if (typeof value !== 'number' || (kind === 'integer' && !Number.isInteger(value)))
        return wrongType(param, kind === 'integer' ? 'an integer' : 'a decimal', value);
      if (value < min) return outOfRange(param, kind, `>= ${min}`, value, 'below_min_value');
      if (value > max) return outOfRange(param, kind, `<= ${max}`, value, 'above_max_value');
    } else if (
      kind === 'array' ? !Array.isArray(value) : kind === 'object' ? !isObject(value) : typeof value !== kind
    )
      return wrongType(param, kind === 'array' || kind === 'object' ? `an ${kind}` : `a ${kind}`, value);
  }
  return undefined;
}

const outOfRange = (param: string, kind: string, bound: string, got: number, code: string): Problem =>
  badRequest(
    `Invalid '${param}': ${kind === 'integer' ? 'integer' : 'decimal'} ${code === 'below_min_value' ? 'below minimum' : 'above maximum'} value. Expected a value ${bound}, but got ${got} instead.`,
    param,
    `${kind === 'integer' ? 'integer' : 'decimal'}_${code}`,
  );

/** `response_format` and `text.format` must be usable before anything is generated. */
export function checkSchemaName(name: Json | undefined, param: string): Problem | undefined {
  if (name === undefined || name === null) return missing(param);
  if (typeof name !== 'string') return wrongType(param, 'a string', name);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
    return badRequest(
      `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      param,
      'invalid_value',
    );
  return undefined;
}
