/** Asked to run at the end of the present turn. */
const due: (() => void)[] = [];
let open = false;

/**
 * Runs what a socket has to say as one turn: whatever is written meanwhile, to whichever connection, is sent at its end.
 * A microtask a turn would do the same, and cost a stream as much as the framing of its chunks.
 */
export function turn<A, B>(say: (a: A, b: B) => void, a: A, b: B): void {
  open = true;
  try {
    say(a, b);
  } finally {
    open = false;
    while (due.length > 0) due.pop()?.();
  }
}

/** Runs `fn` when the present turn is over; outside of one, when the code that runs now is. */
export function atEndOfTurn(fn: () => void): void {
  if (open) due.push(fn);
  else queueMicrotask(fn);
}
