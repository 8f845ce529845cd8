import { FILTER_FIELDS } from '../../data/filters.ts';
import { OUTCOME_NAMES, outcomeInfo } from '../../parts/outcomes.ts';

export interface Offer {
  /** What taking it writes: `field:` wants a value yet, `field:value` is a filter. */
  readonly text: string;
  readonly says: string;
}

const VALUES: Readonly<Record<string, readonly Offer[]>> = {
  outcome: [
    { text: 'bad', says: 'everything that is not good' },
    { text: 'good', says: 'complete and tool' },
    ...OUTCOME_NAMES.map((name) => ({ text: name, says: outcomeInfo(name).means })),
  ],
  source: [
    ...['gateway', 'exercise', 'otlp', 'import', 'eval', 'job'].map((text) => ({ text, says: '' })),
    ...['probe', 'drill', 'shadow'].map((text) => ({
      text,
      says: 'asked by Midwatch itself, served to nobody',
    })),
    { text: 'all', says: 'what was served to nobody too' },
  ],
  slower: ['500ms', '1s', '5s', '30s'].map((text) => ({ text, says: '' })),
  dearer: ['$0.001', '$0.01', '$0.1', '$1'].map((text) => ({ text, says: '' })),
  attempts: ['2', '3'].map((text) => ({ text, says: 'or more' })),
};

/** Offers for what stands in the box: fields until the colon, then the values known for the field. */
export const suggest = (
  typed: string,
  known: Readonly<Record<string, readonly string[]>>,
): readonly Offer[] => {
  const text = typed.trimStart().toLowerCase();
  const colon = text.indexOf(':');
  if (colon < 0) {
    return FILTER_FIELDS.filter((field) => field.name.startsWith(text)).map((field) => ({
      text: `${field.name}:`,
      says: `${field.says}, as ${field.example}`,
    }));
  }
  const name = text.slice(0, colon);
  const begun = text.slice(colon + 1).trim();
  const values = known[name]?.map((value) => ({ text: value, says: '' })) ?? VALUES[name] ?? [];
  return values
    .filter((value) => value.text.toLowerCase().startsWith(begun))
    .slice(0, 16)
    .map((value) => ({ text: `${name}:${value.text}`, says: value.says }));
};
