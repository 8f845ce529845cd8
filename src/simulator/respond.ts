import type { Clock } from '#contracts';
import { seeded } from '#kernel';
import { answer, lastUser } from './answers/index.ts';
import { limit } from './answers/limit.ts';
import type { Asked, Reply } from './asked.ts';
import { promptCache, segmentTokens } from './cache.ts';
import type { Call, JsonObject } from './call.ts';
import { readMessages } from './dialects/anthropic-messages/index.ts';
import type { Answer, Dialect, QuotaFacts, Rendering, Wording } from './dialects/dialect.ts';
import { listModels } from './dialects/models/index.ts';
import { readEmbeddings, writeEmbeddings } from './dialects/openai-embeddings/index.ts';
import { conversations } from './dialects/openai-responses/conversations.ts';
import { openaiResponses } from './dialects/openai-responses/index.ts';
import { logNormal } from './draw.ts';
import { type Place, placeOf } from './endpoints.ts';
import { type Choice, effectsOf } from './faults/choose.ts';
import type { Effects, WireFacts } from './faults/define.ts';
import { firstToken, gap, gaps, type Law } from './latency.ts';
import type { Bill } from './ledger.ts';
import { lawFromHeader, type Model, population } from './models.ts';
import { isProblem, type Problem } from './problem.ts';
import { keyProblem, lostProblem, modelProblem, overflowProblem, quotaProblem } from './problems.ts';
import { type Admission, GENEROUS, quotas } from './quota.ts';
import { bodyOf, credentialOf } from './read-call.ts';
import { recordedScript } from './recorded-script.ts';
import { type Header, type Part, type Script, whole } from './script.ts';
import { NO_TOKENS, usageOf } from './usage.ts';
import type { World } from './world/schema.ts';
import { timeline } from './world/timeline.ts';

/** One call on its way through. */
interface Visit {
  readonly call: Call;
  readonly place: Place;
  readonly id: string;
  readonly requestId: string;
  readonly key: string;
}

/** What is settled about a question before it is answered. */
interface Admitted {
  readonly visit: Visit;
  readonly asked: Asked;
  readonly model: Model;
  readonly law: Law;
  readonly effects: readonly Effects[];
  readonly admission: Admission;
  readonly inputTokens: number;
}

const JSON_TYPE: Header = ['content-type', 'application/json'];
const EVENTS: Header = ['content-type', 'text/event-stream; charset=utf-8'];

/** Turns calls into scripts. Holds what a provider holds between calls: caches, limits, a count. */
export function responder(
  clock: Clock,
  seed: number | string,
  world: World,
  book: { asked(model: string): void; bill(): Bill },
) {
  /** Latency and probability, in order of arrival. What an answer says never depends on it. */
  const chance = seeded(`${seed} chance`);
  const cache = promptCache();
  const talks = conversations();
  const admit = quotas(world.quotas, clock);
  const scenes = timeline(world, clock.now());
  const models = population(world, seed);
  const tag = Bun.hash.wyhash(String(seed)).toString(36).slice(0, 6);
  let calls = 0;

  const headers = (visit: Visit, processingMs: number, quota: QuotaFacts): Header[] =>
    visit.place.wording.headers({ requestId: visit.requestId, processingMs, quota, now: clock.now() });

  const refuse = (visit: Visit, problem: Problem, model?: string, quota: QuotaFacts = GENEROUS): Script => ({
    ...whole(
      problem.status,
      [JSON_TYPE, ...headers(visit, 1, quota), ...(problem.headers ?? [])],
      visit.place.wording.problem(problem, visit.requestId),
    ),
    model,
  });

  const scenesNow = ({ place, key }: Visit, asked: Asked): readonly Choice[] =>
    world.timeline.length === 0
      ? []
      : scenes(
          {
            model: asked.model,
            region: place.region,
            endpoint: place.endpoint.name,
            key,
            prompt: lastUser(asked),
            now: clock.now(),
          },
          chance,
        );

  const wireFacts = ({ place, requestId }: Visit, { stream }: Asked): WireFacts => ({
    stream,
    family: place.family,
    dialect: place.endpoint.name,
    random: chance,
    now: clock.now(),
    problem: (problem) => place.wording.problem(problem, requestId),
    problemEvent: (problem) => eventWording(place)(problem, requestId),
  });

  /** Faults, model, window and limits; then `make` answers, and the faults bend what it made. */
  const serve = (visit: Visit, asked: Asked, make: (admitted: Admitted) => Script): Script => {
    book.asked(asked.model);
    const { place, call } = visit;
    const effects = effectsOf(scenesNow(visit, asked), asked.model, call.header('x-sim-fault'));
    if (isProblem(effects)) return refuse(visit, effects, asked.model);
    const wire = wireFacts(visit, asked);
    const bend = (script: Script) =>
      effects.reduce((bent, effect) => effect.script?.(bent, wire) ?? bent, script);
    const model = models.find(asked.model);
    if (!model) return refuse(visit, modelProblem(place.family, asked.model), asked.model);
    const header = call.header('x-sim-law');
    const own = header === undefined ? model.law : lawFromHeader(header, model.law);
    if (isProblem(own)) return refuse(visit, own, asked.model);
    const law = effects.reduce((bent, effect) => effect.law?.(bent) ?? bent, own);

    const inputTokens = asked.segments.reduce((sum, segment) => sum + segmentTokens(segment), 0);
    for (const effect of effects) {
      const problem = effect.refuse?.(asked, wire);
      if (problem) return bend(refuse(visit, problem, asked.model));
    }
    if (inputTokens > model.context)
      return bend(
        refuse(
          visit,
          overflowProblem(place.family, place.endpoint.name, inputTokens, model.context),
          asked.model,
        ),
      );
    const wanted = { input: inputTokens, maxOutput: Math.min(asked.maxTokens ?? 0, model.context) };
    const admission = admit(visit.key, world.aliases[asked.model] ?? asked.model, wanted);
    if (admission.exceeded)
      return bend(
        refuse(
          visit,
          quotaProblem(place.family, asked, wanted.input + wanted.maxOutput, admission.exceeded),
          asked.model,
          admission,
        ),
      );
    return bend({
      ...make({ visit, asked, model, law, effects, admission, inputTokens }),
      model: asked.model,
      requestId: visit.requestId,
      ...(admission.answered && { answered: admission.answered }),
    });
  };

  const renderingOf = ({ visit, asked, model, effects }: Admitted): Rendering =>
    effects.reduce<Rendering>((bent, effect) => effect.rendering?.(bent) ?? bent, {
      id: visit.id,
      createdAt: Math.floor(clock.now() / 1000),
      model: model.serves,
      fingerprint: model.fingerprint,
      tier: tierOf(asked.raw.service_tier),
      showUsage: true,
      terminator: true,
    });

  const repliesTo = ({ visit, asked, law, effects }: Admitted): Reply[] => {
    let question: bigint | undefined;
    const random = (choice: number, what: 'words' | 'length') => {
      question ??= asked.segments.reduce((hash, segment) => Bun.hash.wyhash(segment.text, hash), 0n);
      return seeded(`${seed} ${question} ${choice} ${what}`);
    };
    return Array.from({ length: asked.choices }, (_, choice) => {
      const made = answer({
        asked,
        random: () => random(choice, 'words'),
        tokens: () => logNormal(law.tokens.median, law.tokens.sigma, random(choice, 'length')),
        callId: (n) => `${visit.place.family === 'anthropic' ? 'toolu' : 'call'}_${visit.id}${choice}${n}`,
      });
      return limit(
        effects.reduce((bent, effect) => effect.reply?.(bent) ?? bent, made),
        asked,
      );
    });
  };

  const generate =
    (dialect: Dialect) =>
    (admitted: Admitted): Script => {
      const { visit, asked, law, admission, inputTokens } = admitted;
      const replies = repliesTo(admitted);
      const cached = cache(asked, dialect.family, visit.key, clock.now());
      const usage = usageOf(asked, replies, inputTokens, cached);
      const told: Answer = { asked, replies, usage, rendering: renderingOf(admitted) };
      if (dialect === openaiResponses) talks.keep(`resp_${visit.id}`, asked.raw, replies[0] as Reply);
      const first = firstToken(law, chance);
      const thinking = dialect.family === 'openai' ? gaps(law, usage.reasoning, chance) : 0;
      if (!asked.stream) {
        const before = first + gaps(law, usage.output + usage.reasoning, chance);
        const body = dialect.unary(told);
        const script = whole(200, [JSON_TYPE, ...headers(visit, before, admission)], body);
        return { ...script, before, bill: usage };
      }
      return {
        opening: 'answer',
        // Providers send the head when the model takes the request up, well before it says anything.
        before: first / 2,
        status: 200,
        headers: [EVENTS, ['cache-control', 'no-cache'], ...headers(visit, first, admission)],
        parts: delayed(
          dialect.stream(told, () => gap(law, chance)),
          dialect.waitsBefore,
          first / 2 + thinking,
        ),
        ending: 'clean',
        bill: usage,
      };
    };

  const embed = (admitted: Admitted): Script => {
    const { visit, asked, law, admission, inputTokens } = admitted;
    const before = firstToken(law, chance);
    const body = writeEmbeddings(asked, inputTokens, renderingOf(admitted));
    return {
      ...whole(200, [JSON_TYPE, ...headers(visit, before, admission)], body),
      before,
      bill: { ...NO_TOKENS, input: inputTokens },
    };
  };

  const count = ({ visit, admission, inputTokens, law }: Admitted): Script => ({
    ...whole(
      200,
      [JSON_TYPE, ...headers(visit, 1, admission)],
      JSON.stringify({ input_tokens: inputTokens }),
    ),
    before: firstToken(law, chance) / 4,
    // Counting is free, but it is a completed call.
    bill: NO_TOKENS,
  });

  return (call: Call): Script => {
    const place = placeOf(call);
    const id = `${tag}${(++calls).toString(36).padStart(8, '0')}`;
    const requestId = place.family === 'anthropic' ? `req_01${id}` : `req_${id}`;
    const visit: Visit = { call, place, id, requestId, key: credentialOf(call) };
    const { endpoint, family } = place;
    if (visit.key.startsWith('sk-bad')) return refuse(visit, keyProblem(family));
    if (call.header('x-sim-script') !== undefined) return script(visit, undefined);
    if (endpoint.does === 'bill') return whole(200, [JSON_TYPE], JSON.stringify(book.bill()));
    if (endpoint.does === 'nothing') return refuse(visit, lostProblem(family, call, endpoint.status));
    if (endpoint.does === 'models') {
      const list = listModels(family, models, endpoint.id);
      return typeof list === 'string'
        ? whole(200, [JSON_TYPE, ...headers(visit, 1, GENEROUS)], list)
        : refuse(visit, list);
    }
    const body = bodyOf(call, family);
    if (isProblem(body)) return refuse(visit, body);
    if (body.model === 'sim-script') return script(visit, body);
    const named =
      'deployment' in endpoint && endpoint.deployment ? { model: endpoint.deployment, ...body } : body;
    switch (endpoint.does) {
      case 'embed': {
        const asked = readEmbeddings(named);
        return isProblem(asked) ? refuse(visit, asked) : serve(visit, asked, embed);
      }
      case 'count': {
        const asked = readMessages(body, call, true);
        return isProblem(asked) ? refuse(visit, asked) : serve(visit, asked, count);
      }
      case 'generate': {
        const continued = endpoint.dialect === openaiResponses ? talks.resume(named) : named;
        if (isProblem(continued)) return refuse(visit, continued);
        const asked = endpoint.dialect.read(continued, call);
        return isProblem(asked) ? refuse(visit, asked) : serve(visit, asked, generate(endpoint.dialect));
      }
    }
  };

  function script(visit: Visit, body: JsonObject | undefined): Script {
    const played = recordedScript(visit.call, body);
    if (isProblem(played)) return refuse(visit, played);
    book.asked('sim-script');
    return { ...played, model: 'sim-script' };
  }
}

/** The Responses API words an error inside a stream otherwise than the rest of its family. */
const eventWording = ({ endpoint, wording }: Place): Wording['problemEvent'] =>
  (endpoint.does === 'generate' && endpoint.dialect.problemEvent) || wording.problemEvent;

/** Puts `ms` before the first part with the given role. */
function* delayed(parts: Iterable<Part>, role: Part['role'], ms: number): Generator<Part> {
  let left = ms;
  for (const part of parts) {
    if (left > 0 && (part.role === role || part.role === 'finish')) {
      yield { ...part, after: part.after + left };
      left = 0;
    } else yield part;
  }
}

const tierOf = (asked: unknown): string =>
  asked === 'flex' || asked === 'priority' || asked === 'scale' || asked === 'fast' ? asked : 'default';
