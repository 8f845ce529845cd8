import type { Product } from './product.ts';

/** Callers that ask without pause, some streaming, some not, and remember whatever a caller could notice. */
export interface Load {
  /** Ids of the exchanges that ended, as the answers' headers told them. */
  readonly sent: ReadonlySet<string>;
  /** What a caller noticed: a status, a missing end. */
  readonly noticed: readonly string[];
  stop(): Promise<void>;
}

export function load(house: Product, callers = 6, pauseMs = 5): Load {
  const sent = new Set<string>();
  const noticed: string[] = [];
  let running = true;
  const caller = async (number: number) => {
    for (let turn = 0; running; turn++) {
      const response = await fetch(`${house.url}/v1/messages`, {
        method: 'POST',
        body: JSON.stringify({
          model: 'sim-instant',
          max_tokens: 50,
          stream: number % 2 === 0,
          messages: [{ role: 'user', content: `caller ${number} turn ${turn}` }],
        }),
      });
      const text = await response.text();
      const id = response.headers.get('x-midwatch-exchange');
      if (id) sent.add(id);
      if (!id || response.status !== 200 || !/end_turn|max_tokens/.test(text))
        noticed.push(`${response.status}: ${text.slice(0, 200)}`);
      await Bun.sleep(pauseMs);
    }
  };
  const all = Array.from({ length: callers }, (_, i) => caller(i));
  return {
    sent,
    noticed,
    async stop() {
      running = false;
      await Promise.all(all);
    },
  };
}

/** Ids of everything in the record, by walking the list to its end. */
export async function recount({ api }: Product): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await api.exchanges.list({ limit: 500, ...(cursor !== undefined && { cursor }) });
    for (const row of page.rows) found.add(row.id);
    cursor = page.next;
  }
  return found;
}
