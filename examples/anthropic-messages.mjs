// A streamed message through Midwatch with the Anthropic client; its base URL has no /v1 at the end.
// node examples/anthropic-messages.mjs
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({
  baseURL: process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004',
  apiKey: process.env.MIDWATCH_KEY ?? 'none-needed-yet',
});

const stream = client.messages.stream({
  model: process.env.MODEL ?? 'sim',
  max_tokens: 200,
  messages: [{ role: 'user', content: 'What is 17*23?' }],
});
stream.on('text', (text) => process.stdout.write(text));
const { stop_reason, usage } = await stream.finalMessage();
console.log(`\n${stop_reason} after ${usage.output_tokens} tokens`);
