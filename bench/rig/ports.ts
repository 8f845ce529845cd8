/** All of them on 127.0.0.1; fixed, so that two benches at once fail at once instead of measuring each other. */
export const ports = {
  upstream: 7140,
  bare: 7141,
  midwatch: 7142,
  portkey: 7143,
  probe: 7144,
  everything: 7145,
} as const;

/** The first of them that somebody holds. */
export function takenPort(): number | undefined {
  return Object.values(ports).find((port) => {
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).stop(true);
      return false;
    } catch {
      return true;
    }
  });
}
