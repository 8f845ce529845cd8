import type { ReloadView } from '#contracts';
import { endpoint } from '../http/endpoint.ts';
import { Refusal } from '../http/refusal.ts';

export const reloadEndpoints = [
  endpoint({
    method: 'POST',
    path: '/reload',
    access: 'operator',
    summary:
      'Reads the configuration again and puts it in force, all or nothing; what runs goes on as it began.',
    answer: {
      schema: 'ReloadView',
      says: 'What changed; 409 `not_reloaded` when it cannot be used, and then nothing has changed.',
    },
    async handle({ caller, address }, { services, audit }): Promise<ReloadView> {
      const reloaded = services.reload();
      if (!reloaded.ok)
        throw new Refusal(
          409,
          'not_reloaded',
          `The configuration cannot be used: ${reloaded.problems.join('; ')}.`,
          'Nothing was changed, the old one stays in force. `midwatch config check` tells when it is right.',
        );
      const { changed } = reloaded;
      await audit({ actor: caller?.name ?? '', action: 'reload', detail: { changed, address } });
      return { changed };
    },
  }),
];
