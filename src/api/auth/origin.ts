import { Refusal } from '../http/refusal.ts';

/**
 * A request that changes something and is believed because of a cookie must come from our own page. `Sec-Fetch-Site` is
 * what browsers say that no script can forge; over plain HTTP to another host they leave it out and `Origin` remains.
 * Only the host is compared: behind a proxy that ends TLS the scheme we see is not the scheme the browser sees.
 */
export function sameOrigin(request: Request, need: 'always' | 'if-browser'): void {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) {
    if (site === 'same-origin') return;
    throw crossSite(site);
  }
  const origin = request.headers.get('origin');
  if (origin !== null) {
    if (hostOf(origin) === (request.headers.get('host') ?? '')) return;
    throw crossSite(origin);
  }
  if (need === 'always') throw crossSite('nowhere');
}

/** Undefined for `null` and for whatever is not a URL. */
const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;

const crossSite = (from: string): Refusal =>
  new Refusal(
    403,
    'cross_site',
    `A change with a login cookie must come from the console itself, not from ${from}.`,
    'Programs use the header Authorization: Bearer with the admin token instead of a cookie.',
  );
