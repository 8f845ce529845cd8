type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which proxy of the environment a provider is reached through, as curl and most clients read it: `HTTPS_PROXY`,
 * `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, small letters first. Loopback is never sent through one.
 */
export function proxyOf(env: Environment): (url: string) => string | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const all = read('ALL_PROXY');
  const byScheme: Readonly<Record<string, string | undefined>> = {
    'https:': read('HTTPS_PROXY') ?? all,
    // A CGI header of a caller becomes HTTP_PROXY in some hosts' environments, so only the small name counts.
    'http:': env.http_proxy || all,
  };
  const exempt = (read('NO_PROXY') ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
  return (url) => {
    const { protocol, hostname } = new URL(url);
    if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return undefined;
    const host = hostname.toLowerCase();
    const spared = exempt.some((entry) => {
      if (entry === '*') return true;
      const name = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
      return host === name || host.endsWith(`.${name}`);
    });
    return spared ? undefined : byScheme[protocol];
  };
}
