import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

conform('fenced-json', ({ content }) => {
  expect(content).toBe(`\`\`\`json\n${SAID}\n\`\`\``);
});

conform('fenced-json;preface=true', ({ content }) => {
  expect(content).toMatch(/^Here is the JSON/);
});
