/** Stands for every value beyond what is counted apart; OpenTelemetry's word for it. */
export const OTHER = '_OTHER';

/** Model names of callers that get series of their own. */
export const MOST_FOREIGN = 64;

/** Which model may be a label. Callers choose model names, and each new one would be some sixty series for ever. */
export interface Names {
  /** The same for the same name as long as the process lives. */
  label(model: string): string;
}

/**
 * Whatever the configuration names is counted apart, always; of what callers make up the first few that look like a name of a
 * model. `mask` takes out secrets: a key in the field of the model must not end in somebody's dashboard.
 */
export function modelNames(given: {
  readonly configured: (model: string) => boolean;
  readonly mask: (text: string) => string;
}): Names {
  const foreign = new Set<string>();
  return {
    label(model) {
      if (model === '' || model === OTHER || foreign.has(model) || given.configured(model)) return model;
      if (foreign.size >= MOST_FOREIGN || !PLAIN.test(model) || given.mask(model) !== model) return OTHER;
      foreign.add(model);
      return model;
    },
  };
}

const PLAIN = /^[\w.:/@+-]{1,96}$/;
