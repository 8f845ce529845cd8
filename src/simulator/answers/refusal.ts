import { languageOf } from './language.ts';
import { PHRASES } from './phrases.ts';

/** Topics that providers decline; kept to plain words, so that a drill can provoke a refusal on purpose. */
const DECLINED: readonly RegExp[] = [
  /\b(?:build|make|construct|assemble|synthesi[sz]e|buy)\b.{0,40}\b(?:bomb|explosive|grenade|nerve agent|nerve gas|sarin|chemical weapon|bioweapon|biological weapon|firearm|gun|weapons?)\b/i,
  /\b(?:weapon|bomb)[- ]?(?:making|building)\b/i,
  /\b(?:kill|hurt|harm|cut)(?:ing)? (?:myself|himself|herself|yourself)\b|\bself[- ]?harm\b|\b(?:commit|committing) suicide\b/i,
  /\bbombe\b.{0,30}\b(?:bauen|bau|fabriquer|construire)\b|\b(?:baue|fabriquer|construire|construir|costruire)\b.{0,30}\b(?:bomb[ea]|waffe|arme|arma)\b/i,
  /爆弾|炸弹|폭탄|взрывчатк|бомбу/,
];

export function refusal(prompt: string): string | undefined {
  const text = prompt.slice(0, 20_000);
  return DECLINED.some((topic) => topic.test(text)) ? PHRASES[languageOf(text)].refusal : undefined;
}
