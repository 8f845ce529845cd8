export { canonical } from './canonical.ts';
export { memberSpan, replaceSpan, type Span } from './span.ts';
