export { canonical } from './canonical.ts';
export { fits } from './fits.ts';
export { memberSpan, replaceSpan, type Span } from './span.ts';
