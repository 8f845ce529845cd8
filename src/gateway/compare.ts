import {
  type Attempt,
  type ExchangeFacts,
  isGood,
  type Part,
  type Protocol,
  type Reading,
  type RouteConfig,
  type ShadowAgreement,
  type ShadowPair,
  type ShadowSide,
} from '#contracts';
import { canonical } from '#kernel';
import { jaccard } from '#kernel/stats';

/** One answer as it was recorded. */
export interface Answered {
  readonly facts: ExchangeFacts;
  /** The assembled answer, as `Finished.answer`. */
  readonly answer?: Uint8Array | undefined;
  readonly reading?: Reading | undefined;
  /** Of the attempt that answered. */
  readonly row: Attempt;
}

/** Characters of a text that are compared: enough to tell one answer from another, and a bound on the time it takes. */
const COMPARED = 8_000;

type Comparing = NonNullable<RouteConfig['shadow']>['compare'];

/** What two answers to the same ask have in common. Facts about texts, never the texts themselves. */
export function compare(
  protocol: Protocol,
  served: Answered,
  shadow: Answered,
  { by, comparing }: { readonly by: string; readonly comparing: Comparing },
): ShadowPair {
  const [a, b] = [said(protocol, served.answer), said(protocol, shadow.answer)];
  const both = a.text !== '' && b.text !== '';
  return {
    at: shadow.facts.at,
    route: served.facts.route,
    by,
    served: sideOf(served, a),
    shadow: sideOf(shadow, b),
    agreement: {
      good: isGood(served.facts.outcome) === isGood(shadow.facts.outcome),
      end: served.facts.outcome === shadow.facts.outcome,
      ...toolsOf(a, b),
    },
    ...(both && { lengthRatio: b.text.length / a.text.length }),
    ...(both &&
      comparing === 'texts' && {
        similarity: jaccard(a.text.slice(0, COMPARED), b.text.slice(0, COMPARED)),
      }),
  };
}

type Call = Extract<Part, { kind: 'tool_call' }>;
interface Words {
  readonly text: string;
  readonly calls: readonly Call[];
}

function said(protocol: Protocol, answer: Uint8Array | undefined): Words {
  const messages: unknown = answer ? JSON.parse(new TextDecoder().decode(answer)) : [];
  const parts = (Array.isArray(messages) ? messages : [])
    .flatMap((message) => protocol.readMessage(new TextEncoder().encode(JSON.stringify(message))))
    .flatMap((message) => message.parts);
  return {
    text: parts.map((part) => (part.kind === 'text' || part.kind === 'refusal' ? part.text : '')).join(''),
    calls: parts.filter((part) => part.kind === 'tool_call'),
  };
}

function toolsOf(a: Words, b: Words): Pick<ShadowAgreement, 'tools' | 'args'> {
  if (a.calls.length + b.calls.length === 0) return {};
  const names = ({ calls }: Words) => calls.map((call) => call.tool).join('\0');
  if (names(a) !== names(b)) return { tools: false };
  return { tools: true, args: a.calls.every((call, i) => sameArgs(call.args, b.calls[i]?.args ?? '')) };
}

/** Order of members and spaces say nothing. */
function sameArgs(a: string, b: string): boolean {
  const [x, y] = [parsed(a), parsed(b)];
  return x && y ? canonical(x.value) === canonical(y.value) : a === b;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function sideOf({ facts, reading, row }: Answered, { text, calls }: Words): ShadowSide {
  const { timing, cost } = row;
  return {
    exchange: facts.id,
    target: `${row.provider}/${row.model}`,
    outcome: facts.outcome,
    ...(reading?.finish !== undefined && { finish: reading.finish }),
    length: text.length,
    tools: calls.map((call) => call.tool),
    ...(facts.ask.structured && { json: parsed(text) !== undefined }),
    ...(facts.ask.stream && timing.firstToken !== undefined && { firstTokenMs: timing.firstToken }),
    totalMs: timing.total,
    microUsd: cost.microUsd,
    costState: cost.state,
  };
}
