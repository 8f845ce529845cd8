/** Finds in a text what a field is likely to mean: `name: value`, or the kind of thing the name says. */

/** `customerName`, `customer_name`, `customer-name` → customer, name. */
export const nameWords = (name: string): string[] =>
  name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const PROPER = String.raw`(\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*){0,3})`;

const KINDS: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/e-?mail/, /([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/],
  [/url|link|website|homepage/, /(https?:\/\/[^\s"'<>)]+)/],
  [/phone|tel|mobile/, /(\+?\d[\d ()/-]{6,}\d)/],
  [
    /date|day|birth|since|until|deadline/,
    /(\d{4}-\d{2}-\d{2}|\d{1,2}\.? (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4})/,
  ],
  [
    /^(?:full |first |last |customer |person |user )?name|author|recipient|person|customer/,
    new RegExp(
      `(?:[Mm]y name is|[Nn]amed|[Cc]alled|I am|I'm|[Nn]ame is|heiße|m'appelle|llamo)\\s+${PROPER}`,
      'u',
    ),
  ],
  [
    /city|location|place|town|country|destination|region/,
    new RegExp(`\\b(?:in|from|to|at|near|for|nach|aus|à|en)\\s+${PROPER}`, 'u'),
  ],
  [
    /^(?:full |first |last |customer |person |user )?name|author|recipient|person|customer/,
    new RegExp(`(?<![.!?]\\s|^)${PROPER}`, 'u'),
  ],
  [/currency/, /\b(USD|EUR|GBP|CHF|JPY)\b/],
  [/order|invoice|id|number|reference|ticket/, /#\s?([\w-]+)|\b([A-Z]{2,}-?\d+)\b/],
  [/expression|formula|calculation/, /([-(]*\d[\d.]*(?:\s*[-+*/^()]+\s*\d[\d.]*\)*)+)/],
];

/** Whole prompts are the natural value of these. */
const FREE = /^(?:query|q|search|search query|text|input|prompt|question|message|content|body|request)$/;

/** Text in the prompt for the field, unchecked against any schema. */
export function hintFor(name: string, text: string): string | undefined {
  const words = nameWords(name);
  if (words.length === 0) return undefined;
  const sample = text.slice(0, 8000);
  const label = words.map(literal).join('[\\s_-]*');
  const said = new RegExp(
    `(?<![\\p{L}\\p{N}])"?${label}"?\\s*(?::|=|\\bis\\b|\\bare\\b|\\bwas\\b|\\bist\\b|\\best\\b|\\bes\\b|\\bè\\b|\\bof\\b)\\s*(?:"([^"\\n]+)"|'([^'\\n]+)'|([^\\n,;]+?))(?=\\s*(?:[,;\\n]|\\.(?:\\s|$)|\\band\\b|\\bund\\b|\\bet\\b|$))`,
    'iu',
  ).exec(sample);
  const quoted = said
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.trim();
  if (quoted) return quoted;
  const joined = words.join(' ');
  for (const [kind, value] of KINDS) {
    if (!kind.test(joined)) continue;
    const found = value.exec(sample);
    const hit = found
      ?.slice(1)
      .find((group) => group !== undefined)
      ?.trim();
    if (hit) return hit;
  }
  return FREE.test(joined) && sample !== '' ? sample.slice(0, 2000) : undefined;
}

/** A number that stands beside the field's name, or is what the name says (an age, an amount of money). */
export function numberHint(name: string, text: string): number | undefined {
  const sample = text.slice(0, 8000);
  const number = String.raw`(-?\d+(?:[.,]\d+)*)`;
  const read = (match: RegExpExecArray | null) => {
    const digits = match?.slice(1).find((group) => group !== undefined);
    const value =
      digits === undefined ? Number.NaN : Number(digits.replace(/,(?=\d{3}\b)/g, '').replace(',', '.'));
    return Number.isFinite(value) ? value : undefined;
  };
  const words = nameWords(name);
  for (const word of [words.join('[\\s_-]*'), ...words.filter((w) => w.length > 2)]) {
    if (word === '') continue;
    const stem = word.replace(/s$/, '');
    const near = read(
      new RegExp(
        `(?<![\\p{L}])${stem}s?(?![\\p{L}])\\s*(?::|=|is|are|of|was|ist)?\\s*[$€£]?\\s?${number}|${number}\\s*(?:-|x|×)?\\s*${stem}`,
        'iu',
      ).exec(sample),
    );
    if (near !== undefined) return near;
  }
  const joined = words.join(' ');
  if (/age|years/.test(joined))
    return read(new RegExp(`${number}[- ]?(?:years?|yo|jahre|ans|años|anni)`, 'i').exec(sample));
  if (/price|amount|total|cost|sum|budget/.test(joined))
    return read(
      new RegExp(`[$€£]\\s?${number}|${number}\\s?(?:€|EUR|USD|dollars?|euros?)`, 'i').exec(sample),
    );
  if (/count|quantity|number|qty|how many|guests|people/.test(joined))
    return read(new RegExp(`\\b${number}\\b`).exec(sample));
  return undefined;
}
