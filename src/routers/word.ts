import type { ExchangeFacts, ExchangeId, ShadowPair } from '#contracts';
import type { Wording } from '#kernel/router';
import type { Arm } from './tasks.ts';

/** What one gateway tells the others of a router: enough to keep the same books. */
export type RouterWord =
  | {
      readonly open: {
        readonly id: ExchangeId;
        readonly at: number;
        readonly arm: Arm;
        readonly choice: 'cheap' | 'dear';
        readonly p?: number;
        /** With hashes of its words, so that a repeat is known there, too. */
        readonly session?: readonly [
          name: string,
          n: number,
          words: readonly number[],
          triples: readonly number[],
        ];
      };
    }
  | { readonly asked: number | 'late' | 'failed' }
  | { readonly end: RoutedEnd }
  | { readonly pair: ShadowPair };

/** Of an exchange that is over, what the books need. */
export interface RoutedEnd extends Pick<ExchangeFacts, 'id' | 'outcome'> {
  readonly cost: Pick<ExchangeFacts['cost'], 'state' | 'microUsd'>;
  readonly tier: Pick<ExchangeFacts['tier'], 'served'>;
  readonly attempts: readonly Pick<ExchangeFacts['attempts'][number], 'tier'>[];
}

/** JSON has no typed arrays. */
export const plain = ({ n, words, triples }: Wording) => [n, [...words], [...triples]] as const;
export const wordingFrom = (n: number, words: readonly number[], triples: readonly number[]): Wording => ({
  n,
  words: Uint32Array.from(words),
  triples: Uint32Array.from(triples),
});
