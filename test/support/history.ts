import type { DigestedExchange, ExchangeFacts, Store } from '#contracts';
import { exchangeIds, systemClock } from '#kernel';
import { protocolByName } from '#protocols';

const DAY_MS = 86_400_000;
const BATCH = 500;
const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Writes `perDay` exchanges like `model` on each of the `days` before today, as a scribe would have. Returns their ids. */
export async function writeHistory(
  store: Store,
  like: ExchangeFacts,
  { days, perDay }: { readonly days: number; readonly perDay: number },
): Promise<ReadonlySet<string>> {
  const clock = systemClock();
  const protocol = protocolByName(like.protocol);
  if (!protocol) throw new RangeError(`no protocol ${like.protocol}`);
  const midnight = Math.floor(clock.now() / DAY_MS) * DAY_MS;
  const ids = new Set<string>();
  for (let day = days; day > 0; day--) {
    let at = midnight - day * DAY_MS;
    const nextId = exchangeIds({ ...clock, now: () => at });
    const all = Array.from({ length: perDay }, (_, n): DigestedExchange => {
      at += DAY_MS / (perDay + 1);
      const content = `day ${day}, number ${n}: ${Bun.hash(`${day}/${n}`).toString(36).repeat(8)}`;
      const digest = protocol.digest(
        encoded({ model: like.ask.model, max_tokens: 9, messages: [{ role: 'user', content }] }),
        encoded([{ role: 'assistant', content: `noted: ${content}` }]),
        {},
      );
      const id = nextId();
      ids.add(id);
      const exchange = { ...like, id, at, release: digest.release };
      return {
        digest,
        exchange: {
          ...exchange,
          ...(digest.ask && { askRecord: digest.ask }),
          ...(digest.answer && { answerRecord: digest.answer }),
        },
      };
    });
    for (let from = 0; from < all.length; from += BATCH) await store.write(all.slice(from, from + BATCH));
  }
  return ids;
}
