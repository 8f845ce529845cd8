import { z } from 'zod';
import type { Me } from '#contracts';
import type { AnswerName } from '../answers/index.ts';
import type { Parts } from '../parts.ts';
import { readBody, readQuery } from './request.ts';

export type Role = Me['role'];

/** Who calls, once known. */
export interface Caller extends Me {
  readonly via: 'token' | 'session';
}

export interface RawCall {
  readonly request: Request;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  /** Address of the socket's other end. */
  readonly address: string;
  /** Absent on open endpoints. */
  readonly caller?: Caller;
}

export interface Call<Query, Body> extends RawCall {
  readonly query: Query;
  readonly body: Body;
}

/** One line of the table from which routing, access, the OpenAPI document and the reference page are made. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1`; `:name` is one segment. */
  readonly path: string;
  /** Least role that may call it; `open` asks for no login. */
  readonly access: 'open' | Role;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: AnswerDoc;
  /** A plain value becomes JSON with status 200. */
  readonly serve: (call: RawCall, parts: Parts) => Promise<unknown>;
}

export interface AnswerDoc {
  /** Absent for an answer without a JSON body. */
  readonly schema?: AnswerName;
  readonly list?: boolean;
  readonly status?: number;
  readonly type?: string;
  readonly says: string;
}

const NO_QUERY = z.object({});

interface Plan<Q extends z.ZodObject, B extends z.ZodType>
  extends Omit<Endpoint, 'query' | 'body' | 'serve'> {
  readonly query?: Q;
  readonly body?: B;
  handle(call: Call<z.output<Q>, z.output<B>>, parts: Parts): unknown;
}

export function endpoint<Q extends z.ZodObject = typeof NO_QUERY, B extends z.ZodType = z.ZodUndefined>(
  plan: Plan<Q, B>,
): Endpoint {
  const { handle, query, body, ...rest } = plan;
  return {
    ...rest,
    query: query ?? NO_QUERY,
    ...(body && { body }),
    serve: async (call, parts) =>
      handle(
        {
          ...call,
          query: readQuery(query ?? NO_QUERY, call.url.searchParams) as z.output<Q>,
          body: (body ? await readBody(body, call.request) : undefined) as z.output<B>,
        },
        parts,
      ),
  };
}
