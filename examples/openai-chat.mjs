// A chat completion through Midwatch: the OpenAI client as it is, with one base URL changed.
// node examples/openai-chat.mjs
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: `${process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004'}/v1`,
  apiKey: process.env.MIDWATCH_KEY ?? 'none-needed-yet',
});

const { data, response } = await client.chat.completions
  .create(
    { model: process.env.MODEL ?? 'sim', messages: [{ role: 'user', content: 'What is 17*23?' }] },
    // Whatever you name here is a filter in the console later.
    { headers: { 'x-midwatch-feature': 'sums', 'x-midwatch-user': 'ada' } },
  )
  .withResponse();

console.log(data.choices[0].message.content);
console.log(
  `exchange ${response.headers.get('x-midwatch-exchange')}: ${response.headers.get('x-midwatch-outcome')}`,
);
