import { z } from 'zod';
import { nearest } from '#kernel';
import { badRequest, isProblem, type Problem } from '../problem.ts';
import type { Effects, Fault } from './define.ts';
import { FAULTS } from './list.ts';

const BY_NAME = new Map(FAULTS.map((fault) => [fault.name, fault]));
const PREFIX = 'sim-fault-';

export interface Choice {
  readonly fault: Fault;
  readonly params: Readonly<Record<string, unknown>>;
}

export const faultNamed = (name: string): Fault | undefined => BY_NAME.get(name);

export const unknownFault = (name: string): string => {
  const near = nearest(name, [...BY_NAME.keys()]);
  return `Unknown fault "${name}".${near ? ` Did you mean "${near}"?` : ''} Known: ${[...BY_NAME.keys()].join(', ')}.`;
};

/** `sim-fault-cut`, `sim-fault-status-503`, `sim-fault-cut-5`. Undefined for any other model. */
export function faultFromModel(model: string): Choice | Problem | undefined {
  if (!model.startsWith(PREFIX)) return undefined;
  const rest = model.slice(PREFIX.length);
  // The longest name wins: `length` must not swallow what another fault `length-...` means.
  const fault = FAULTS.filter((f) => rest === f.name || rest.startsWith(`${f.name}-`)).sort(
    (a, b) => b.name.length - a.name.length,
  )[0];
  if (!fault) return badRequest(unknownFault(rest), 'model', 'model_not_found');
  const value = rest.slice(fault.name.length + 1);
  if (value === '') return { fault, params: {} };
  return fault.main
    ? { fault, params: { [fault.main]: value } }
    : badRequest(`Fault "${fault.name}" takes no value in the model name.`, 'model', 'model_not_found');
}

/** `cut;after=3`, several separated by commas. */
export function faultsFromHeader(header: string): readonly Choice[] | Problem {
  const choices: Choice[] = [];
  for (const item of header.split(',')) {
    const [name, ...pairs] = item.split(';').map((text) => text.trim());
    if (!name) continue;
    const fault = BY_NAME.get(name);
    if (!fault) return badRequest(`x-sim-fault: ${unknownFault(name)}`);
    const params: Record<string, string> = {};
    for (const pair of pairs) {
      const at = pair.indexOf('=');
      if (at <= 0) return badRequest(`x-sim-fault: "${pair}" is not of the form name=value.`);
      params[pair.slice(0, at)] = pair.slice(at + 1);
    }
    choices.push({ fault, params });
  }
  return choices;
}

/** Parameters are checked here, so that a mistyped one is an answer and not a fault that never happens. */
export function inject({ fault, params }: Choice): Effects | Problem {
  try {
    return fault.inject(params);
  } catch (error) {
    if (error instanceof z.ZodError)
      return badRequest(`Fault "${fault.name}": ${z.prettifyError(error).replaceAll('\n', ' ')}`);
    throw error;
  }
}

/** What acts on one call: the scenes of the world, then the fault its model names, then those of its header. */
export function effectsOf(
  scenes: readonly Choice[],
  model: string,
  header: string | undefined,
): readonly Effects[] | Problem {
  const byModel = faultFromModel(model);
  if (byModel && isProblem(byModel)) return byModel;
  const byHeader = header === undefined ? [] : faultsFromHeader(header);
  if (isProblem(byHeader)) return byHeader;
  const effects: Effects[] = [];
  for (const choice of [...scenes, ...(byModel ? [byModel] : []), ...byHeader]) {
    const effect = inject(choice);
    if (isProblem(effect)) return effect;
    effects.push(effect);
  }
  return effects;
}
