import { z } from 'zod';
import { type AnswerName, answers } from '../answers/index.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { SAYS } from './says.ts';

type Json = { readonly [member: string]: unknown };

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** OpenAPI 3.1 of the control plane, from the table of endpoints and the schemas they are checked with. */
export function openapi(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Midwatch control plane',
      version,
      description:
        'Reads what Midwatch has recorded and changes who may use it. Fields may be added to answers at any time; readers pass over what they do not know.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The admin token (`mwa_…`), printed by `midwatch up` at its first start, or a token with a role made by an admin.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'midwatch_session',
          description:
            'Set by `POST /login`. Requests that change something must then come from the console itself.',
        },
      },
    },
  };
}

function operation(endpoint: Endpoint): Json {
  const { answer } = endpoint;
  const parameters = [
    ...[...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryParameters(endpoint.query),
  ];
  return {
    operationId: operationId(endpoint),
    summary: endpoint.summary,
    ...(endpoint.access === 'open' ? { security: [] } : { 'x-midwatch-role': endpoint.access }),
    ...(parameters.length > 0 && { parameters }),
    ...(endpoint.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: explained(schemaOf(endpoint.body, 'input')) } },
      },
    }),
    responses: {
      [answer.status ?? 200]: {
        description: answer.says,
        ...(answer.schema
          ? {
              content: {
                'application/json': { schema: answer.list ? listOf(answer.schema) : ref(answer.schema) },
              },
            }
          : answer.type && {
              content: {
                [answer.type]: { schema: answer.type === 'application/json' ? {} : { type: 'string' } },
              },
            }),
      },
      default: {
        description: 'Not served; `hint` says what to do.',
        content: { 'application/json': { schema: ref('ApiError') } },
      },
    },
  };
}

const listOf = (name: AnswerName): Json => ({ type: 'array', items: ref(name) });

/** `GET /exchanges/:id/ask` becomes `getExchangesIdAsk`. */
const operationId = ({ method, path }: Endpoint): string =>
  method.toLowerCase() +
  path
    .split(/[/:.]+/)
    .filter(Boolean)
    .map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
    .join('');

function explained(schema: Json): Json {
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Json>>);
  return {
    ...schema,
    properties: Object.fromEntries(
      properties.map(([name, own]) => [name, { description: SAYS[name], ...own }]),
    ),
  };
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description = SAYS[name], ...schema }]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true }),
    ...(description !== undefined && { description }),
    schema,
  }));
}

/** Answers stay open for fields to come: `additionalProperties: false` would make generated clients refuse them. */
function components(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(answers)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    override({ jsonSchema }) {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]));
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json =>
  bare(z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => forgetSafeRange(jsonSchema) }));

/** zod writes the range of whole numbers that a double can hold; a reader would take it for a rule of ours. */
function forgetSafeRange(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** Dialect and id belong to whole documents; inside an OpenAPI document the dialect is given and `$ref` finds by place. */
function bare(schema: object): Json {
  const { $schema: _, $id: __, ...rest } = schema as Json;
  return rest;
}
