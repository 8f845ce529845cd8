// The `ai` SDK over Midwatch: one question to both dialects, by the same function.
// node examples/ai-sdk.mjs
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';

const url = process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004';
const apiKey = process.env.MIDWATCH_KEY ?? 'none-needed-yet';
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey });
const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey });
const name = process.env.MODEL ?? 'sim';

for (const [dialect, model] of [
  ['openai', openai.chat(name)],
  ['anthropic', anthropic(name)],
]) {
  const { text, usage } = await generateText({ model, prompt: 'What is 17*23?', maxOutputTokens: 500 });
  console.log(`${dialect}: ${text} (${usage.outputTokens} tokens)`);
}
