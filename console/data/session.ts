import { api } from './client.ts';
import { Live } from './live.ts';

/** The one live connection of this tab. */
export const live = new Live((filter, signal) => api.live(filter, { signal }));
