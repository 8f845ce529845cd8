import { type MicroUsd, SPEND_CAUSES, type Spend, type SpendCause, type SpendState } from '#contracts';

interface Line {
  attempts: number;
  microUsd: MicroUsd;
  estimated: MicroUsd;
  unpriced: number;
  assumed: MicroUsd;
}

/** Spend by cause, counted as bills are settled. */
export interface SpendBook {
  add(
    cause: SpendCause,
    bill: { readonly microUsd: MicroUsd; readonly state: SpendState },
    charged: MicroUsd,
  ): void;
  read(): Spend;
}

export function spendBook(from: Spend = {}): SpendBook {
  const lines = new Map<SpendCause, Line>();
  for (const cause of SPEND_CAUSES) {
    const line = from[cause];
    if (line) lines.set(cause, { ...line });
  }
  return {
    add(cause, { microUsd, state }, charged) {
      let line = lines.get(cause);
      if (!line) {
        line = { attempts: 0, microUsd: 0, estimated: 0, unpriced: 0, assumed: 0 };
        lines.set(cause, line);
      }
      line.attempts++;
      line.microUsd += microUsd;
      if (state === 'estimated') line.estimated += microUsd;
      if (state === 'unpriced') {
        line.unpriced++;
        line.assumed += charged - microUsd;
      }
    },
    read: () => Object.fromEntries([...lines].map(([cause, line]) => [cause, { ...line }])),
  };
}
