import { TROUBLE } from '../trouble.ts';

/**
 * What a person on call looks for: answers that ended badly, and those that took more than one attempt. They are few, so a
 * tree of them costs ingest next to nothing, and every filter is in it: BRIN can skip nothing where each 32 pages hold some
 * bad answer and some answer of the route that is asked for.
 *
 * Names are there as hashes, since a tree takes no entry of 3 KB and callers choose their names. Days that are there already
 * get theirs one by one from upkeep (`indexDays`): building all at once would keep a large store from starting for minutes.
 */
export const sql = `create index exchanges_trouble on only exchanges ${TROUBLE}`;
