import { BROKEN_OFF } from './failures/broken-off.ts';
import { BUSY } from './failures/busy.ts';
import { ODD } from './failures/odd.ts';
import { REFUSED } from './failures/refused.ts';
import type { Row } from './failures/row.ts';
import { UNREACHED } from './failures/unreached.ts';
import { UNSAID } from './failures/unsaid.ts';

export { type Row, type Scene, type Way, well } from './failures/row.ts';

/** Every way in which a provider fails, and a few that only look like it. */
export const TABLE: readonly Row[] = [...BUSY, ...UNREACHED, ...UNSAID, ...REFUSED, ...BROKEN_OFF, ...ODD];
