import { expect, test } from 'bun:test';
import { languageByScript } from './script.ts';

test('language by script', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['The quick brown fox', 'und-Latn'],
    ['今日は良い天気ですね', 'ja'],
    ['今天天气很好', 'zh'],
    ['오늘 날씨가 좋네요', 'ko'],
    ['Сегодня хорошая погода', 'und-Cyrl'],
    ['Καλημέρα κόσμε', 'el'],
    ['שלום עולם', 'he'],
    ['123 !?', 'und'],
    ['', 'und'],
  ];
  for (const [text, language] of cases) expect(languageByScript(text).language).toBe(language);
  const mixed = languageByScript('hello мир');
  expect(mixed.shares.map((s) => s.script)).toEqual(['Latin', 'Cyrillic']);
});
