import type { ExchangeFacts, Finished, Protocol } from '#contracts';
import type { BodyRedactor } from '../redact/types.ts';
import type { FrameParts } from './gather.ts';

/** What of a finished exchange may be kept, by its record mode. Secrets in `meta` are masked later, in its encoded texts. */
export function prepare(
  { facts, declared, ask, answer }: Finished,
  redactor: BodyRedactor,
  protocols: (name: string) => Protocol | undefined,
): FrameParts {
  const maskedAsk = ask && redactor.secretsIn(ask);
  const maskedAnswer = answer && redactor.secretsIn(answer);
  if (facts.record === 'full') return { meta: { facts, declared }, ask: maskedAsk, answer: maskedAnswer };

  if (facts.record === 'masked')
    return {
      meta: { facts: maskPersonal(facts, redactor), declared },
      ask: maskedAsk && redactor.personalIn(maskedAsk),
      answer: maskedAnswer && redactor.personalIn(maskedAnswer),
    };

  // Axes are hashed over masked bodies here too, so that changing a route's record mode is not seen as a change of release.
  const digest = maskedAsk && protocols(facts.protocol)?.digest(maskedAsk, maskedAnswer, declared);
  return {
    meta: { facts, declared, digest: digest && { axes: digest.axes, release: digest.release } },
  };
}

/** The facts alone, for when masking or digesting the bodies failed: an exchange without bodies is better than none, raw bodies are not. */
export const factsOnly = ({ facts, declared }: Finished): FrameParts => ({
  meta: { facts, declared },
});

/** Facts as they may be shown before they are recorded: secrets masked, personal data too where the route says so. */
export function maskFacts(facts: ExchangeFacts, redactor: BodyRedactor): ExchangeFacts {
  const { text, count } = redactor.secrets(JSON.stringify(facts));
  const plain = count === 0 ? facts : (JSON.parse(text) as ExchangeFacts);
  return facts.record === 'masked' ? maskPersonal(plain, redactor) : plain;
}

/** Only what a caller or a provider wrote: an epoch time of thirteen digits would pass for a card number one time in ten. */
function maskPersonal(facts: ExchangeFacts, redactor: BodyRedactor): ExchangeFacts {
  const text = (value: string) => redactor.personal(value).text;
  const strings = <T extends object>(object: T): T =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, typeof value === 'string' ? text(value) : value]),
    ) as T;
  const failure = (f: ExchangeFacts['failure']) => f && { ...f, hint: text(f.hint) };
  return {
    ...facts,
    who: strings(facts.who),
    place: {
      ...strings(facts.place),
      trace: facts.place.trace,
      span: facts.place.span,
      parent: facts.place.parent,
    },
    verdicts: facts.verdicts.map((v) => (v.evidence ? { ...v, evidence: text(v.evidence) } : v)),
    attempts: facts.attempts.map((a) => (a.failure ? { ...a, failure: failure(a.failure) } : a)),
    failure: failure(facts.failure),
  };
}
