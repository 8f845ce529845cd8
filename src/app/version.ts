import manifest from '#manifest' with { type: 'json' };

export const VERSION: string = manifest.version;
