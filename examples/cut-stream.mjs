// A stream that breaks half way is an exception of the client, not a short answer; the record says `cut`.
// node examples/cut-stream.mjs
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: `${process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004'}/v1`,
  apiKey: process.env.MIDWATCH_KEY ?? 'none-needed-yet',
  maxRetries: 0,
});

let text = '';
try {
  const stream = await client.chat.completions.create({
    // The simulator tears this one off after a few tokens, with status 200 in the head.
    model: 'sim-fault-cut',
    stream: true,
    messages: [{ role: 'user', content: 'Tell me about the sea.' }],
  });
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  console.log(`whole: ${text}`);
} catch (error) {
  console.log(`not whole, after ${text.length} characters: ${error.message}`);
}
