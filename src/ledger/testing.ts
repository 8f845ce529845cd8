import type { Clock, EpochMs } from '#contracts';

/** Virtual time for long simulations: a heap of timers, and only promises (no macrotasks) settle between two of them. */
export interface SimulatedClock extends Pick<Clock, 'now' | 'after' | 'monotonic'> {
  sleep(ms: number): Promise<void>;
  /** Runs everything due until `ms` from now have passed. */
  run(ms: number): Promise<void>;
}

interface Timer {
  readonly due: EpochMs;
  readonly order: number;
  fn: (() => void) | undefined;
}

export function simulatedClock(start = Date.UTC(2026, 0, 5)): SimulatedClock {
  const heap: Timer[] = [];
  let time = start;
  let order = 0;
  const before = (a: Timer, b: Timer) => a.due < b.due || (a.due === b.due && a.order < b.order);

  function push(timer: Timer): void {
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = timer;
  }
  function pop(): Timer {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, last)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last;
    }
    return first;
  }

  const after = (ms: number, fn: () => void) => {
    const timer: Timer = { due: time + Math.max(0, ms), order: order++, fn };
    push(timer);
    return () => {
      timer.fn = undefined;
    };
  };
  const rest = async () => {
    for (let i = 0; i < 8; i++) await null;
  };

  return {
    now: () => time,
    monotonic: () => time - start,
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    async run(ms) {
      const until = time + ms;
      await rest();
      while (heap.length > 0 && heap[0]!.due <= until) {
        const timer = pop();
        if (!timer.fn) continue;
        time = Math.max(time, timer.due);
        timer.fn();
        await rest();
      }
      time = until;
    },
  };
}
