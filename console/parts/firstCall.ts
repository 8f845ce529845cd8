import type { RouteView } from '@midwatch/contracts';

/** Code for a first call that works when pasted. `open`: no key exists yet, so any word does as one. */
export interface FirstCall {
  readonly base: string;
  readonly model: string;
  /** To be named in a header, where the model alone does not lead there. */
  readonly route?: string;
  readonly open: boolean;
}

/** How a route is reached: by the model it is asked for, or by its name and a model that its first target knows. */
export function asked(route: RouteView | undefined): Pick<FirstCall, 'model' | 'route'> {
  if (!route) return { model: 'your-model' };
  const match = route.policy.find(({ step }) => step === 'match')?.says ?? '';
  const wanted = /^model ([^\s*,]+)$/.exec(match)?.[1];
  if (wanted !== undefined) return { model: wanted };
  const [, known] = /^[^/]+\/(\S+)$/.exec(route.tiers[0]?.targets[0] ?? '') ?? [];
  const model = known ?? (route.source === 'simulator' ? 'sim' : 'your-model');
  return { model, route: route.name };
}

const HEADER = 'x-midwatch-route';
const headersOf = (route: string | undefined): string =>
  route === undefined ? '' : `\n  defaultHeaders: { '${HEADER}': '${route}' },`;
const QUESTION = 'Who keeps the midwatch?';

/** A question that is answered in its own time. */
export const runCall = ({ base, model, route, open }: FirstCall): string =>
  [
    `curl ${base}/v1/runs \\`,
    ...(open ? [] : [`  -H "authorization: Bearer $MIDWATCH_KEY" \\`]),
    ...(route === undefined ? [] : [`  -H '${HEADER}: ${route}' \\`]),
    `  -H 'content-type: application/json' \\`,
    `  -d '{ "endpoint": "/v1/chat/completions",`,
    `        "body": { "model": ${JSON.stringify(model)},`,
    `                  "messages": [{ "role": "user", "content": "${QUESTION}" }] } }'`,
  ].join('\n');

export const FIRST_CALLS = [
  {
    name: 'curl',
    code: ({ base, model, route, open }: FirstCall): string =>
      [
        `curl ${base}/v1/chat/completions \\`,
        ...(open ? [] : [`  -H "authorization: Bearer $MIDWATCH_KEY" \\`]),
        ...(route === undefined ? [] : [`  -H '${HEADER}: ${route}' \\`]),
        `  -H 'content-type: application/json' \\`,
        `  -d '{ "model": ${JSON.stringify(model)},`,
        `        "messages": [{ "role": "user", "content": "${QUESTION}" }] }'`,
      ].join('\n'),
  },
  {
    name: 'OpenAI',
    code: ({ base, model, open, route }: FirstCall): string =>
      `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${base}/v1',
  apiKey: ${open ? "'none-yet'" : 'process.env.MIDWATCH_KEY'},${headersOf(route)}
});
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.choices[0].message.content);`,
  },
  {
    name: 'Anthropic',
    code: ({ base, model, open, route }: FirstCall): string =>
      `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: '${base}',
  apiKey: ${open ? "'none-yet'" : 'process.env.MIDWATCH_KEY'},${headersOf(route)}
});
const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 200,
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.content);`,
  },
] as const;
