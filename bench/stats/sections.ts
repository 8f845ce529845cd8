import type { Section } from './lib.ts';
import { nullSections } from './nulls.ts';
import { rateSections } from './rates.ts';
import { searchSections } from './search.ts';
import { speedSections } from './speed.ts';
import { streamSections } from './streams.ts';

/** In the order of the report. */
export const SECTIONS: readonly Section[] = [
  ...rateSections,
  ...streamSections,
  ...searchSections,
  ...nullSections,
  ...speedSections,
];
