import type { Redactor } from '#contracts';

/** The redactor as the recorder uses it: on the bytes of a body, before anything is written. */
export interface BodyRedactor extends Redactor {
  /** The same array when nothing was found, so that an innocent body is not copied. Valid JSON stays valid JSON. */
  secretsIn(body: Uint8Array): Uint8Array;
  personalIn(body: Uint8Array): Uint8Array;
}
