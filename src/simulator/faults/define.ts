import type { z } from 'zod';
import { defineMember, type Member } from '#contracts';
import type { Asked, Reply } from '../asked.ts';
import type { Rendering } from '../dialects/dialect.ts';
import type { Random } from '../draw.ts';
import type { Law } from '../latency.ts';
import type { Problem } from '../problem.ts';
import type { Script } from '../script.ts';

/**
 * What a fault may bend, from the inside out: how the model behaves in time, whether the provider answers at all, what
 * the model says, what is said about the answer, and how it goes over the wire.
 */
export interface Effects {
  law?(law: Law): Law;
  refuse?(asked: Asked, wire: WireFacts): Problem | undefined;
  reply?(reply: Reply): Reply;
  rendering?(rendering: Rendering): Rendering;
  script?(script: Script, wire: WireFacts): Script;
}

export interface WireFacts {
  readonly stream: boolean;
  readonly family: 'openai' | 'anthropic';
  /** For instance `openai-chat`. */
  readonly dialect: string;
  readonly random: Random;
  /** Event time. */
  readonly now: number;
  /** An error body in the caller's dialect. */
  problem(problem: Problem): string;
  /** The same as an event inside a stream. */
  problemEvent(problem: Problem): string;
}

export interface Fault extends Member {
  /** The parameter that the end of a model name fills: `sim-fault-status-503`. */
  readonly main?: string;
  /** Throws a ZodError when the parameters do not fit. */
  inject(params: Readonly<Record<string, unknown>>): Effects;
}

export function defineFault<P extends z.ZodType>(
  spec: Member<P> & { readonly main?: string; effects(params: z.output<P>): Effects },
): Fault {
  const { effects, ...member } = spec;
  return defineMember('fault', { ...member, inject: (params) => effects(spec.params.parse(params)) });
}
