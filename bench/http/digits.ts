/** Writes `value` as decimal digits of fixed width over what stands at `at`; larger values lose their front. */
export function writeDigits(buffer: Uint8Array, at: number, width: number, value: number): void {
  let rest = Math.floor(value);
  for (let i = at + width - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    buffer[i] = 48 + rest - next * 10;
    rest = next;
  }
}

/** The number that `writeDigits` wrote. */
export function readDigits(buffer: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = value * 10 + (buffer[i] as number) - 48;
  return value;
}
