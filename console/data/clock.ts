/** The console's only clock and timers, so that everything else takes time as an argument and can be tested. */
export const now = (): number => Date.now();

/** Calls back every `ms`; returns how to stop it. */
export const every = (ms: number, tick: () => void): (() => void) => {
  const id = setInterval(tick, ms);
  return () => clearInterval(id);
};

/** Calls back once after `ms`; returns how to call it off. */
export const after = (ms: number, then: () => void): (() => void) => {
  const id = setTimeout(then, ms);
  return () => clearTimeout(id);
};
