import { useEffect } from 'react';
import { Time } from '../../parts/Time.tsx';

/** Said behind the last line while a search that finds little goes on. */
export const SearchedTo = ({ at }: { readonly at: number }) => (
  <>
    Searched back to <Time at={at} />, going on …
  </>
);

/** In place of the list as long as nothing was found; goes on by itself until something is, or the beginning is reached. */
export function Searching({ at, onMore }: { readonly at: number; readonly onMore: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: goes on whenever it has come further back
  useEffect(onMore, [at]);
  return (
    <section className="state" role="status">
      <h2>Nothing yet</h2>
      <p>
        <SearchedTo at={at} />
      </p>
    </section>
  );
}
