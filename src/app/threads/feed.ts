import type { LiveFeed } from '#contracts';

/** The same feed, which says when somebody begins to watch and when nobody does any more: what is watched by nobody need not cross threads. */
export function watchedFeed(feed: LiveFeed, watched: (is: boolean) => void): LiveFeed {
  let watching = 0;
  return {
    publish: (facts) => feed.publish(facts),
    subscribe(listener) {
      const leave = feed.subscribe(listener);
      if (++watching === 1) watched(true);
      let here = true;
      return () => {
        leave();
        if (here && --watching === 0) watched(false);
        here = false;
      };
    },
  };
}
