import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { nearest } from '#kernel';
import { type Choice, faultNamed, inject, unknownFault } from '../faults/choose.ts';
import { isProblem } from '../problem.ts';
import { type World, worldSchema } from './schema.ts';

/** What is wrong with a world file, one sentence a mistake, with its place. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
}

/**
 * Reads a world from YAML (or JSON, which is YAML). Throws `WorldError` on anything that would otherwise be silently
 * ignored: syntax, unknown keys (with the nearest known one), faults or parameters that do not exist.
 */
export function loadWorld(text: string): World {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineOf = (path: readonly PropertyKey[]): string => {
    for (let n = path.length; n > 0; n--) {
      const node = document.getIn(path.slice(0, n), true) as { range?: readonly number[] | null } | undefined;
      if (node?.range) return ` (line ${lines.linePos(node.range[0] as number).line})`;
    }
    return '';
  };
  const syntax = document.errors[0];
  if (syntax) throw new WorldError(`The world file is not YAML: ${syntax.message}`);
  const read = worldSchema.safeParse(document.toJS() ?? {});
  const mistakes = read.success
    ? sceneMistakes(read.data, lineOf)
    : read.error.issues.flatMap((issue) => explain(issue, lineOf));
  if (mistakes.length > 0) throw new WorldError(mistakes.join('\n'));
  return read.data as World;
}

type LineOf = (path: readonly PropertyKey[]) => string;
const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.');

function explain(issue: z.core.$ZodIssue, lineOf: LineOf): string[] {
  if (issue.code !== 'unrecognized_keys')
    return [`${dotted(issue.path) || 'world'}: ${issue.message}${lineOf(issue.path)}`];
  return issue.keys.map((key) => {
    const near = nearest(key, keysAt(issue.path));
    const hint = near ? `; did you mean "${near}"?` : '';
    return `${dotted([...issue.path, key])}: unknown key${hint}${lineOf([...issue.path, key])}`;
  });
}

/** The keys that the schema knows at a path of the file. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = z.toJSONSchema(worldSchema, { io: 'input', unrepresentable: 'any' });
  for (const step of path) {
    const at = schema as {
      properties?: Record<string, unknown>;
      additionalProperties?: unknown;
      items?: unknown;
    };
    schema = typeof step === 'number' ? at.items : (at.properties?.[String(step)] ?? at.additionalProperties);
  }
  return Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});
}

function sceneMistakes(world: World, lineOf: LineOf): string[] {
  const mistakes: string[] = [];
  for (const [i, scene] of world.timeline.entries()) {
    const at = (what: string, field: string) =>
      mistakes.push(`timeline.${i}: ${what}${lineOf(['timeline', i, field])}`);
    const fault = faultNamed(scene.fault);
    if (!fault) {
      at(unknownFault(scene.fault), 'fault');
      continue;
    }
    const choice: Choice = { fault, params: scene.with };
    const injected = inject(choice);
    if (isProblem(injected)) at(injected.message, 'with');
    try {
      if (scene.on.prompt !== undefined) new RegExp(scene.on.prompt, 'iu');
    } catch {
      at(`on.prompt is no regular expression: ${scene.on.prompt}`, 'on');
    }
  }
  return mistakes;
}
