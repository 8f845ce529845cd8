/** One request, the same whether it came over a socket or by a function call. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** `name` in lower case. */
  header(name: string): string | undefined;
  /** The body as text; UTF-8, whatever the headers say. */
  readonly text: string;
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
