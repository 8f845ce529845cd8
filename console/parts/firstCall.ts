/** Code for a first call that works when pasted. `open`: no key exists yet, so any word does as one. */
export interface FirstCall {
  readonly base: string;
  readonly model: string;
  readonly open: boolean;
}
const QUESTION = 'Who keeps the midwatch?';

/** A question that is answered in its own time. */
export const runCall = ({ base, model, open }: FirstCall): string =>
  [
    `curl ${base}/v1/runs \\`,
    ...(open ? [] : [`  -H "authorization: Bearer $MIDWATCH_KEY" \\`]),
    `  -H 'content-type: application/json' \\`,
    `  -d '{ "endpoint": "/v1/chat/completions",`,
    `        "body": { "model": ${JSON.stringify(model)},`,
    `                  "messages": [{ "role": "user", "content": "${QUESTION}" }] } }'`,
  ].join('\n');

export const FIRST_CALLS = [
  {
    name: 'curl',
    code: ({ base, model, open }: FirstCall): string =>
      [
        `curl ${base}/v1/chat/completions \\`,
        ...(open ? [] : [`  -H "authorization: Bearer $MIDWATCH_KEY" \\`]),
        `  -H 'content-type: application/json' \\`,
        `  -d '{ "model": ${JSON.stringify(model)},`,
        `        "messages": [{ "role": "user", "content": "${QUESTION}" }] }'`,
      ].join('\n'),
  },
  {
    name: 'OpenAI',
    code: ({ base, model, open }: FirstCall): string =>
      `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${base}/v1',
  apiKey: ${open ? "'none-yet'" : 'process.env.MIDWATCH_KEY'},
});
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.choices[0].message.content);`,
  },
  {
    name: 'Anthropic',
    code: ({ base, model, open }: FirstCall): string =>
      `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: '${base}',
  apiKey: ${open ? "'none-yet'" : 'process.env.MIDWATCH_KEY'},
});
const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 200,
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.content);`,
  },
] as const;
