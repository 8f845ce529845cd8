/** As this was started: neither on a fresh checkout nor beside the one binary is anything called midwatch on the path. */
export const self =
  process.env.MIDWATCH_SELF || (/bun[^/]*$/.test(process.execPath) ? 'midwatch' : process.execPath);

/** A sentence that names a command, as it has to be typed here. For people only: programs are told the plain name. */
export const typed = (sentence: string): string => sentence.replaceAll(/`midwatch(?=[ `])/g, `\`${self}`);
