/**
 * A small generator with 128 bits of state (sfc32 by Chris Doty-Humphrey, passes PractRand), uniform in [0, 1).
 * The same seed gives the same sequence on every machine.
 */
export function seeded(seed: number | string): () => number {
  let h = 0x811c9dc5;
  for (const c of String(seed)) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193);
  let a = h | 0;
  let b = Math.imul(h, 0x9e3779b1) | 0;
  let c = Math.imul(h, 0x85ebca6b) | 0;
  let counter = 1;
  const step = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 15; i++) step();
  return step;
}
