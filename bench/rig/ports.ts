/** All of them on 127.0.0.1; fixed, so that two benches at once fail at once instead of measuring each other. */
export const ports = {
  upstream: 6140,
  bare: 6141,
  midwatch: 6142,
  portkey: 6143,
  probe: 6144,
} as const;
