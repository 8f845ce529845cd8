import { expect, test } from 'bun:test';
import { seeded } from '#kernel';
import { createRedactor } from './redactor.ts';

const redactor = createRedactor();
const personal = (text: string) => redactor.personal(text).text;

test('each kind is found as people write it', () => {
  for (const [text, masked] of [
    ['write to ann.lee+news@mail.example.co.uk, please', 'write to [email], please'],
    [
      'card 4111 1111 1111 1111 or 4111-1111-1111-1111 or 4111111111111111',
      'card [card] or [card] or [card]',
    ],
    ['amex 3782 822463 10005', 'amex [card]'],
    ['DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432', '[iban] and [iban]'],
    ['call +49 30 901820-0 or +1 (415) 555-2671', 'call [phone] or [phone]'],
    ['call (415) 555-2671, 415-555-2671 or 1-415-555-2671', 'call [phone], [phone] or [phone]'],
    ['ssn 078-05-1120', 'ssn [ssn]'],
    ['from 203.0.113.7 and 2001:db8:85a3::8a2e:370:7334 and fe80::1', 'from [ip] and [ip] and [ip]'],
  ] as const)
    expect(personal(text)).toBe(masked);
});

test('what only looks like it stays', () => {
  for (const text of [
    'card 4111 1111 1111 1112, order 1790000000123, epoch 1790000000123456, id 01936f2e-1234-7abc-8def-0123456789ab',
    'DE00 3704 0044 0532 0130 00',
    'version 1.2.3 of 2026-01-05 at 12:34:56, 127.0.0.1, 999.1.1.1, std::vector, a::b, 3.14159265358979',
    '{"input":120,"output":220,"at":1790000000123.4,"ratio":0.123456789012345}',
    'ssn 000-12-3456 and 2024-01-02, pages 100-200-300',
    '@decorator and user@ and @example.com and a@b',
  ])
    expect(redactor.personal(text)).toEqual({ text, count: 0 });
});

test('escapes of JSON are neither part of a word nor of a number, and JSON stays JSON at any depth', () => {
  const inner = {
    note: 'bob@example.com\nann@example.com\té4111111111111111\\tom@example.com',
    n: 4111111111111111,
  };
  let text = JSON.stringify(inner);
  for (let depth = 0; depth < 3; depth++) {
    const masked = personal(text);
    expect(masked).not.toMatch(/example\.com|4111/);
    let value: unknown = masked;
    for (let i = 0; i <= depth; i++) value = JSON.parse(value as string);
    expect(value).toEqual({ note: expect.stringContaining('[email]\n[email]\té[card]'), n: 0 });
    text = JSON.stringify(text);
  }
  expect(personal('"caf\\u00e9 4111111111111111\\u00204111111111111111"')).toBe(
    '"caf\\u00e9 [card]\\u0020[card]"',
  );
});

test('bytes that are not ASCII stay what they are', () => {
  const body = Buffer.from('{"größe":"日本 🙂 ann@example.com ÿ"}');
  expect(Buffer.from(redactor.personalIn(body)).toString()).toBe('{"größe":"日本 🙂 [email] ÿ"}');
  const plain = Buffer.from('{"größe":"日本 🙂 12"}');
  expect(redactor.personalIn(plain)).toBe(plain);
});

test('a chance number is taken for a card one time in ten at most', () => {
  const random = seeded('luhn');
  let hits = 0;
  for (let i = 0; i < 2_000; i++) {
    const digits = Array.from({ length: 16 }, () => Math.floor(random() * 10)).join('');
    if (redactor.personal(`id ${digits} end`).count > 0) hits++;
  }
  expect(hits / 2_000).toBeLessThan(0.1);
  expect(hits).toBeGreaterThan(0);
});
