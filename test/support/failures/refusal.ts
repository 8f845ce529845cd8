import { type Call, whole } from '../puppet.ts';
import type { Tongue } from '../tongues.ts';
import type { Scene } from './row.ts';

/** Answers with this status and says why in the provider's dialect. */
export const refusal =
  (
    status: number,
    type: keyof Tongue['words'],
    message: string,
    more: { readonly headers?: Readonly<Record<string, string>>; readonly code?: string } = {},
  ) =>
  ({ write }: Call, { tongue: t }: Scene) =>
    write(whole(status, { ...t.json, ...more.headers }, t.error(t.words[type], message, more.code)));
