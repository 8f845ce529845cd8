const ASKS =
  /what(?:'s| is| are)|calculat|comput|evaluat|how much|how many|sum of|=|wie ?viel|was ist|berechne|rechne|combien|calcule|cu[aá]nto|quanto|calcola|сколько|多少|いくつ|計算|计算|얼마|계산/i;
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:plus|más|più|mais)\b/gi, '+'],
  [/\b(?:minus|menos|moins|meno)\b/gi, '-'],
  [/\b(?:times|multiplied by|mal|fois|por|per)\b|[×·x](?=\s*[\d(])/gi, '*'],
  [/\b(?:divided by|over|geteilt durch|divisé par|entre|diviso)\b|÷/gi, '/'],
  [/\*\*|\bto the power of\b/gi, '^'],
];
const EXPRESSION = /[-(]*\d[\d.,]*(?:\s*[-+*/^%()]+\s*[-(]*\d[\d.,]*\)*)+/g;

/** The sum a prompt asks for and its value; undefined when it asks for none. */
export function arithmetic(prompt: string): string | undefined {
  if (prompt.length > 500) return undefined;
  let text = prompt;
  for (const [word, sign] of WORDS) text = text.replace(word, ` ${sign} `);
  const found = (text.match(EXPRESSION) ?? []).sort((a, b) => b.length - a.length)[0]?.trim();
  if (!found) return undefined;
  const bare = text.replace(found, '').trim();
  // A date or a telephone number looks like a subtraction; without a question it is left alone.
  if (bare !== '' && !ASKS.test(prompt)) return undefined;
  const expression = found.replace(/(\d),(?=\d{3}\b)/g, '$1').replace(/\s+/g, '');
  const value = evaluate(expression);
  if (value === undefined) return undefined;
  return `${expression
    .replace(/([-+*/^%])/g, ' $1 ')
    .replace(/^ - | {2,}/g, (m) => (m === ' - ' ? '-' : ' '))
    .trim()} = ${shown(value)}`;
}

const shown = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(15))) : 'undefined';

/** Recursive descent over + - * / % ^, brackets and signs. */
function evaluate(text: string): number | undefined {
  let at = 0;
  const sum = (): number => {
    let value = product();
    while (text[at] === '+' || text[at] === '-')
      value = text[at++] === '+' ? value + product() : value - product();
    return value;
  };
  const product = (): number => {
    let value = power();
    while (text[at] === '*' || text[at] === '/' || text[at] === '%') {
      const sign = text[at++];
      const right = power();
      value = sign === '*' ? value * right : sign === '/' ? value / right : value % right;
    }
    return value;
  };
  const power = (): number => {
    const base = atom();
    if (text[at] !== '^') return base;
    at++;
    return base ** power();
  };
  const atom = (): number => {
    if (text[at] === '-') {
      at++;
      return -power();
    }
    if (text[at] === '(') {
      at++;
      const value = sum();
      at = text[at] === ')' ? at + 1 : text.length + 1;
      return value;
    }
    const digits = /^\d+(?:\.\d+)?/.exec(text.slice(at))?.[0];
    if (!digits) {
      at = text.length + 1;
      return Number.NaN;
    }
    at += digits.length;
    return Number(digits);
  };
  const value = sum();
  return at === text.length && !Number.isNaN(value) ? value : undefined;
}
