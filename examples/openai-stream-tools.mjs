// A streamed conversation in which the model calls a tool of yours and then answers with its result.
// node examples/openai-stream-tools.mjs
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: `${process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004'}/v1`,
  apiKey: process.env.MIDWATCH_KEY ?? 'none-needed-yet',
  // Both calls belong to one task: the console shows them side by side.
  defaultHeaders: { 'x-midwatch-task': `weather-${Date.now()}` },
});
const model = process.env.MODEL ?? 'sim';
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city now',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const getWeather = ({ city }) => ({ city, celsius: 21, sky: 'clear' });

const messages = [{ role: 'user', content: 'What is the weather in Paris?' }];
const asking = client.chat.completions.stream({ model, messages, tools, tool_choice: 'required' });
const { message } = (await asking.finalChatCompletion()).choices[0];
messages.push(message);
for (const call of message.tool_calls ?? []) {
  const result = getWeather(JSON.parse(call.function.arguments));
  console.log(`${call.function.name}(${call.function.arguments}) → ${JSON.stringify(result)}`);
  messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) });
}

const answer = await client.chat.completions.create({ model, messages, tools, stream: true });
for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
process.stdout.write('\n');
