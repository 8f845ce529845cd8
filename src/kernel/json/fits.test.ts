import { expect, test } from 'bun:test';
import { fits } from './fits.ts';

const ADDRESS = {
  type: 'object',
  properties: {
    city: { type: 'string' },
    zip: { type: ['string', 'null'] },
    kind: { enum: ['home', 'work'] },
    lines: { type: 'array', items: { type: 'string' } },
    owner: { $ref: '#/$defs/person' },
  },
  required: ['city'],
  additionalProperties: false,
  $defs: { person: { anyOf: [{ type: 'string' }, { type: 'object', required: ['name'] }] } },
};

test.each([
  [{ city: 'Ulm' }, true],
  [{ city: 'Ulm', zip: null, kind: 'home', lines: ['a'], owner: { name: 'Ada' } }, true],
  [{}, false],
  [{ town: 'Ulm' }, false],
  [{ city: 'Ulm', more: 1 }, false],
  [{ city: 7 }, false],
  [{ city: 'Ulm', kind: 'boat' }, false],
  [{ city: 'Ulm', lines: ['a', 1] }, false],
  [{ city: 'Ulm', owner: {} }, false],
  [{ city: 'Ulm', owner: 3 }, false],
  [[], false],
  [null, false],
])('%j against an address', (value, good) => {
  expect(fits(value, ADDRESS)).toBe(good);
});

test('what the checker does not know holds; a schema that leads to itself ends', () => {
  expect(fits('x', { minLength: 5 })).toBe(true);
  expect(fits({ a: 1 }, undefined)).toBe(true);
  expect(fits(1, { $ref: 'https://elsewhere.example/schema' })).toBe(true);
  expect(fits({ x_1: 1 }, { patternProperties: { '^x_': {} }, additionalProperties: false })).toBe(true);
  const knot = { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' };
  expect(fits(1, knot)).toBe(true);
  expect(fits(1, { allOf: [{ type: 'integer' }, { const: 1 }] })).toBe(true);
  expect(fits(1.5, { type: 'integer' })).toBe(false);
});
