import { kindOf } from '#app';
import type { Config } from '#contracts';

type Dialect = 'openai' | 'anthropic';

/** What a stranger would ask of a provider when no route says what it is asked for. */
const USUAL: Readonly<Record<string, string>> = {
  simulator: 'sim',
  openai: 'gpt-5.5',
  anthropic: 'claude-opus-4-7',
};

/** A model that a first call in this dialect can name and will be answered; undefined when no route speaks it that simply. */
export function modelToAsk({ routes, providers }: Config, dialect: Dialect): string | undefined {
  for (const { match, tiers } of Object.values(routes)) {
    if (match.feature !== undefined) continue;
    if (match.protocol !== undefined && !match.protocol.startsWith(dialect)) continue;
    const target = tiers[0]?.targets?.[0];
    const kind = target && kindOf(target.provider, providers[target.provider] ?? {});
    if (!target || !kind?.dialects.some((spoken) => spoken === dialect)) continue;
    const usual = target.model ?? USUAL[kind.name];
    if (match.model === undefined) {
      if (usual !== undefined) return usual;
    } else if (!match.model.includes('*')) return match.model;
    else if (usual !== undefined && likened(match.model).test(usual)) return usual;
  }
  return undefined;
}

/** `*` stands for any run of characters, as in a route. */
const likened = (pattern: string): RegExp =>
  new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`);

/** Lines that work when pasted, each under what it is. */
export function firstCalls(config: Config, url: string, key: string): readonly (readonly [string, string])[] {
  const question = 'What is 17*23?';
  const openai = modelToAsk(config, 'openai');
  const anthropic = modelToAsk(config, 'anthropic');
  const ask = (model: string, more = '') =>
    `{"model":"${model}",${more}"messages":[{"role":"user","content":"${question}"}]}`;
  const curl = (path: string, body: string) =>
    `curl ${url}${path} -H 'content-type: application/json' -H 'authorization: Bearer ${key}' -d '${body}'`;
  const node = (code: string) => `node --input-type=module -e "${code}"`;
  const messages = `messages: [{ role: 'user', content: '${question}' }]`;
  return [
    ...(openai !== undefined
      ? ([['curl', curl('/v1/chat/completions', ask(openai))]] as const)
      : anthropic !== undefined
        ? ([['curl', curl('/v1/messages', ask(anthropic, '"max_tokens":100,'))]] as const)
        : []),
    ...(openai !== undefined
      ? ([
          [
            'JavaScript, the openai client',
            node(
              `import OpenAI from 'openai'; const c = new OpenAI({ baseURL: '${url}/v1', apiKey: '${key}' }); console.log((await c.chat.completions.create({ model: '${openai}', ${messages} })).choices[0].message.content)`,
            ),
          ],
        ] as const)
      : []),
    ...(anthropic !== undefined
      ? ([
          [
            'JavaScript, the Anthropic client',
            node(
              `import Anthropic from '@anthropic-ai/sdk'; const c = new Anthropic({ baseURL: '${url}', apiKey: '${key}' }); console.log((await c.messages.create({ model: '${anthropic}', max_tokens: 100, ${messages} })).content[0].text)`,
            ),
          ],
        ] as const)
      : []),
  ];
}
