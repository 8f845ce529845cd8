import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonical, memberSpan, replaceSpan } from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (b: Uint8Array) => new TextDecoder().decode(b);

test('canonical: order of keys and spaces do not matter, values do', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shuffled = JSON.parse(JSON.stringify(value, null, 2)) as unknown;
      expect(canonical(shuffled)).toBe(canonical(value));
      expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value));
    }),
  );
  expect(canonical({ b: 1, a: [{ d: 1, c: 2 }] })).toBe('{"a":[{"c":2,"d":1}],"b":1}');
});

test('memberSpan finds the member and nothing inside other values, for any object, key and layout', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 }),
      fc.jsonValue(),
      fc.constantFrom(0, 1, 2),
      (rest, value, indent) => {
        const object = {
          ...rest,
          deep: { model: 'inner', list: ['"model":1'] },
          model: value,
          after: ['model'],
        };
        const json = bytes(JSON.stringify(object, null, indent));
        const span = memberSpan(json, 'model');
        expect(span).toBeDefined();
        if (!span) return;
        expect(JSON.parse(text(json.subarray(span.start, span.end)))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
        const replaced = replaceSpan(json, span, '"mapped"');
        expect(JSON.parse(text(replaced))).toEqual({ ...JSON.parse(text(json)), model: 'mapped' });
      },
    ),
  );
});

test('memberSpan: absent is undefined, a repeated key gives the last', () => {
  expect(memberSpan(bytes('{"a":{"model":"x"}}'), 'model')).toBeUndefined();
  const json = bytes('{"model":"a","model" : 12.50 ,"x":1}');
  const span = memberSpan(json, 'model');
  expect(span && text(json.subarray(span.start, span.end))).toBe('12.50');
});
