import { SESSION_MS } from './sessions.ts';

const NAME = 'midwatch_session';

export function readCookie(request: Request): string | undefined {
  for (const pair of request.headers.get('cookie')?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === NAME) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** The path keeps the cookie away from the data plane, where it could end up in a recorded exchange. */
const attributes = (request: Request): string => {
  // A forged header can only make the caller's own cookie stricter.
  const secure =
    new URL(request.url).protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https';
  return `Path=/api/v1; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
};

export const setCookie = (request: Request, value: string): string =>
  `${NAME}=${value}; Max-Age=${SESSION_MS / 1000}; ${attributes(request)}`;

export const dropCookie = (request: Request): string => `${NAME}=; Max-Age=0; ${attributes(request)}`;
