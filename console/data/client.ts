import { createMidwatch } from '@midwatch/sdk';

/** The page's own origin, its cookie and nothing else. */
export const api = createMidwatch();
