export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'ru', 'ja', 'zh', 'ko', 'ar'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Scripts that settle the matter; Japanese first, since it contains Chinese characters too. */
const SCRIPTS: readonly (readonly [RegExp, Language])[] = [
  [/[\p{sc=Hiragana}\p{sc=Katakana}]/u, 'ja'],
  [/\p{sc=Hangul}/u, 'ko'],
  [/\p{sc=Han}/u, 'zh'],
  [/\p{sc=Cyrillic}/u, 'ru'],
  [/\p{sc=Arabic}/u, 'ar'],
];

const WORDS: Readonly<Partial<Record<Language, string>>> = {
  en: 'the and is are what how why when which you your of for with please tell write does can',
  de: 'der die das und ist ein eine nicht was wie warum wann mit für auf bitte ich du sie von zu den dem wer schreibe erkläre',
  fr: 'le la les et est un une des que quoi comment pourquoi quel quelle avec pour dans vous je du au qui est-ce écris explique',
  es: 'el la los las y es un una qué cómo por cuál cuándo con para en del usted yo por favor quién escribe explica cuánto',
  it: 'il lo gli e è un una che cosa come perché quale quando con per di della sono puoi scrivi spiega chi quanto',
  pt: 'o os e é um uma que como por quando com para em do da não você por favor quem escreva explique quanto são',
  nl: 'de het een en is niet wat hoe waarom wanneer met voor van ik je jij kun alsjeblieft wie schrijf leg zijn',
};
const LISTS = Object.entries(WORDS).map(
  ([language, words]) => [language as Language, new Set(words.split(' '))] as const,
);

const ASKED: readonly (readonly [RegExp, Language])[] = [
  [/\b(?:in german|auf deutsch)\b/i, 'de'],
  [/\b(?:in french|en français)\b/i, 'fr'],
  [/\b(?:in spanish|en español)\b/i, 'es'],
  [/\b(?:in italian|in italiano)\b/i, 'it'],
  [/\b(?:in portuguese|em português)\b/i, 'pt'],
  [/\b(?:in dutch|in het nederlands)\b/i, 'nl'],
  [/\bin japanese\b/i, 'ja'],
  [/\bin chinese\b/i, 'zh'],
  [/\bin korean\b/i, 'ko'],
  [/\bin russian\b/i, 'ru'],
  [/\bin english\b/i, 'en'],
];

/** Language to answer in: the one asked for, else the one asked in, else English. */
export function languageOf(text: string): Language {
  // The beginning tells; a prompt may be megabytes long.
  const sample = text.slice(0, 600);
  for (const [pattern, language] of ASKED) if (pattern.test(sample)) return language;
  for (const [script, language] of SCRIPTS) if (script.test(sample)) return language;
  const words = sample.toLowerCase().match(/\p{L}+(?:-\p{L}+)*/gu) ?? [];
  let best: Language = 'en';
  let most = 0;
  for (const [language, list] of LISTS) {
    const hits = words.filter((word) => list.has(word)).length;
    if (hits > most) {
      most = hits;
      best = language;
    }
  }
  return best;
}

/** Words that carry no subject, in any language known here. */
export const isStopword = (word: string): boolean => LISTS.some(([, list]) => list.has(word));
