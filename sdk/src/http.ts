import { MidwatchError, readError } from './error.ts';

export interface MidwatchOptions {
  /** Where Midwatch listens, for instance `http://127.0.0.1:4004`. In its own console: leave it out. */
  readonly baseUrl?: string;
  /** The admin token, or one with a role (`mwa_…`). In a browser leave it out and use `login`, which sets a cookie that scripts cannot read. */
  readonly token?: string;
  /** A key for models (`mw_…`), for `send`; none where Midwatch asks for none. */
  readonly key?: string;
  /** Another `fetch`, for a proxy, a test or an old runtime. */
  readonly fetch?: (input: string, init: RequestInit) => Promise<Response>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

type Scalar = string | number | boolean | undefined;

export interface Http {
  /** The parsed answer. */
  json<T>(method: 'GET' | 'POST', path: string, options?: CallOptions & { body?: unknown }): Promise<T>;
  /** The answer itself, its status good and its body unread. */
  open(
    method: 'GET' | 'POST',
    path: string,
    options?: CallOptions & { body?: unknown; accept?: string },
  ): Promise<Response>;
}

/** Calls below one address, and says in words when nobody is there. */
export function caller(options: MidwatchOptions, below = '') {
  const base = (options.baseUrl ?? '').replace(/\/+$/, '') + below;
  const send = options.fetch ?? ((input: string, init: RequestInit) => globalThis.fetch(input, init));
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await send(base + path, init);
    } catch (cause) {
      // An abort is the caller's own doing and comes back as the reason it gave.
      if (init.signal?.aborted) throw init.signal.reason;
      throw new MidwatchError(`Nothing answers at ${base}.`, {
        code: 'unreachable',
        hint: 'Start Midwatch with `midwatch up`, or check baseUrl.',
        status: 0,
        cause,
      });
    }
  };
  return { base, call };
}

export function http(options: MidwatchOptions): Http {
  const { base, call } = caller(options, '/api/v1');

  const open: Http['open'] = async (method, path, { signal, body, accept = 'application/json' } = {}) => {
    const headers: Record<string, string> = { accept };
    if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await call(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (!response.ok) throw await readError(response);
    return response;
  };

  return {
    open,
    async json<T>(method: 'GET' | 'POST', path: string, options?: CallOptions & { body?: unknown }) {
      const response = await open(method, path, options);
      if (response.status === 204) return undefined as T;
      try {
        return (await response.json()) as T;
      } catch (cause) {
        if (options?.signal?.aborted) throw options.signal.reason;
        throw new MidwatchError(`${base}${path} did not answer with JSON.`, {
          code: 'not_midwatch',
          hint: 'Check that baseUrl points at Midwatch itself and that nothing in between answers for it.',
          status: response.status,
          cause,
        });
      }
    },
  };
}

/** `?a=1&b=2`; absent and empty values are left out. */
export function search(values: Readonly<Record<string, Scalar>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text && `?${text}`;
}

/** One segment of a path. */
export const segment = (text: string): string => encodeURIComponent(text);
