import { expect } from 'bun:test';
import { conform, SAID } from '../../testing/conform.ts';

const USUAL = 'sim-instant';
const prints = new Set<string>();

conform('alias-flip', ({ model, fingerprint, content }) => {
  expect({ model, content }).toEqual({ model: 'sim-instant-2026-06-01', content: SAID });
  if (fingerprint) prints.add(fingerprint);
});

conform('alias-flip;name=false;fingerprint=false;wording=true', ({ model, fingerprint, content }) => {
  expect({ model, content }).toEqual({ model: USUAL, content: `Certainly! ${SAID}` });
  if (fingerprint) expect(prints.has(fingerprint)).toBe(false);
});
