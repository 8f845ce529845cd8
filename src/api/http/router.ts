import type { Endpoint } from './endpoint.ts';

export interface Match {
  /** Endpoints of this path by method. */
  readonly methods: ReadonlyMap<string, Endpoint>;
  readonly params: Readonly<Record<string, string>>;
}

/** A linear table: fifteen patterns are matched in less time than a trie takes to explain. Fixed segments win over `:name`. */
export function router(endpoints: readonly Endpoint[]): (path: string) => Match | undefined {
  const patterns = new Map<string, { segments: string[]; methods: Map<string, Endpoint> }>();
  for (const endpoint of endpoints) {
    const known = patterns.get(endpoint.path) ?? {
      segments: endpoint.path.split('/').slice(1),
      methods: new Map(),
    };
    known.methods.set(endpoint.method, endpoint);
    patterns.set(endpoint.path, known);
  }
  const table = [...patterns.values()].sort((a, b) => variables(a.segments) - variables(b.segments));
  return (path) => {
    const segments = path.split('/').slice(1);
    for (const pattern of table) {
      const params = fit(pattern.segments, segments);
      if (params) return { methods: pattern.methods, params };
    }
    return undefined;
  };
}

const variables = (segments: readonly string[]): number => segments.filter((s) => s.startsWith(':')).length;

function fit(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] as string;
    if (part.startsWith(':')) {
      const value = decode(segment);
      if (!value || value.includes('\0')) return undefined;
      params[part.slice(1)] = value;
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A broken escape names no resource.
    return undefined;
  }
}

export const allowed = (match: Match): string =>
  [...match.methods.keys()]
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .concat('OPTIONS')
    .join(', ');
