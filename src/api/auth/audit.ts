import { type Clock, type Log, type Store, StoreUnavailable } from '#contracts';

export type Audit = (entry: {
  readonly actor: string;
  readonly action: string;
  readonly subject?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}) => Promise<void>;

/** Written after the change, so that an entry means it happened. An entry that the database cannot take goes to the log instead. */
export const auditor =
  (services: { readonly store: Store; readonly clock: Clock; readonly log: Log }): Audit =>
  async (entry) => {
    try {
      await services.store.admin.audit({ at: services.clock.now(), ...entry });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      services.log('error', 'audit.not_stored', entry);
    }
  };
