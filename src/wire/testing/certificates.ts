import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (name: string): string => readFileSync(join(import.meta.dir, name), 'utf8');

/** An authority that exists for these tests only; its key was thrown away. All of this is valid until 2126. */
export const CA = read('ca.pem');
/** For `localhost`, 127.0.0.1 and ::1. */
export const LOCALHOST = { cert: read('localhost.pem'), key: read('localhost.key') };
/** For `other.test`. */
export const OTHER = { cert: read('other.pem'), key: read('other.key') };
