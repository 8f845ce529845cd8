import type { Attachment, Turn } from '../asked.ts';
import { type Language, languageOf } from './language.ts';
import { fill, PHRASES } from './phrases.ts';

/** One sentence for each attachment of the last user turn: what it is and how large, so that a reader knows it came through. */
export function acknowledge(turn: Turn): string[] {
  const language = languageOf(turn.text);
  const phrases = PHRASES[language];
  const verb = { image: phrases.saw, audio: phrases.heard, file: phrases.read };
  return (turn.attachments ?? []).map((attachment) =>
    fill(verb[attachment.kind], { t: described(attachment, language) }),
  );
}

const NOUNS: Readonly<Partial<Record<Language, Readonly<Record<Attachment['kind'], string>>>>> = {
  de: { image: 'ein Bild', audio: 'eine Aufnahme', file: 'eine Datei' },
  fr: { image: 'une image', audio: 'un enregistrement', file: 'un fichier' },
  es: { image: 'una imagen', audio: 'una grabación', file: 'un archivo' },
  it: { image: 'un’immagine', audio: 'una registrazione', file: 'un file' },
  pt: { image: 'uma imagem', audio: 'uma gravação', file: 'um arquivo' },
  nl: { image: 'een afbeelding', audio: 'een opname', file: 'een bestand' },
  ja: { image: '画像', audio: '音声', file: 'ファイル' },
  zh: { image: '一张图片', audio: '一段录音', file: '一个文件' },
  ko: { image: '이미지', audio: '음성', file: '파일' },
  ru: { image: 'изображение', audio: 'запись', file: 'файл' },
  ar: { image: 'صورة', audio: 'تسجيلا', file: 'ملفا' },
};
const ENGLISH = { image: 'an image', audio: 'a recording', file: 'a file' };

function described({ kind, type, name, bytes, width, height }: Attachment, language: Language): string {
  const facts = [
    name === undefined ? '' : `“${name.slice(0, 80)}”`,
    type,
    width === undefined ? '' : `${width}×${height} px`,
    bytes === undefined ? '' : `${bytes} bytes`,
  ].filter((fact) => fact !== '');
  return `${(NOUNS[language] ?? ENGLISH)[kind]} (${facts.join(', ')})`;
}
