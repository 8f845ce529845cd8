/** All of them on 127.0.0.1; fixed, so that two benches at once fail at once instead of measuring each other. */
export const ports = {
  upstream: 6100,
  bare: 6101,
  midwatch: 6102,
  portkey: 6103,
  probe: 6104,
} as const;
