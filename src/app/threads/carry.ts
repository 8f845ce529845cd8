import type { BodyTrouble, Fields, Handler, Incoming, Outgoing } from '#contracts';

/** A call that one thread has taken and another answers, on its way there. */
export type CarriedThere =
  | { readonly id: number; readonly incoming: Incoming }
  | { readonly id: number; readonly body: Uint8Array | BodyTrouble }
  /** So many bytes of the answer have left the house. */
  | { readonly id: number; readonly taken: number }
  | { readonly id: number; readonly left: true };

/** What becomes of it, on the way back. */
export type CarriedBack =
  | {
      readonly id: number;
      readonly status: number;
      readonly headers: Fields;
      /** Absent: an answer begins that comes in parts. */
      readonly body?: Uint8Array | string;
    }
  | { readonly id: number; readonly bytes: Uint8Array | string }
  | { readonly id: number; readonly over: 'end' | 'break' };

/** Bytes of an answer that may be under way between threads before its writer is asked to wait. */
const ROOM = 256 * 1024;

interface Near {
  readonly outgoing: Outgoing;
  /** Bytes that the caller has not taken yet, as far as we know. */
  held: number;
}

/** This end: hands calls over, and passes on what comes back. */
export function carrier(post: (message: CarriedThere) => void): {
  readonly handle: Handler;
  back(message: CarriedBack): void;
} {
  const under = new Map<number, Near>();
  let last = 0;

  const tell = (id: number, near: Near): void => {
    const taken = near.held;
    near.held = 0;
    if (taken > 0) post({ id, taken });
  };

  return {
    handle({ method, path, query, headers, peer }, outgoing) {
      const id = ++last;
      const near: Near = { outgoing, held: 0 };
      under.set(id, near);
      outgoing.onLeft = () => {
        under.delete(id);
        post({ id, left: true });
      };
      outgoing.onDrain = () => tell(id, near);
      post({ id, incoming: { method, path, query, headers, peer } });
      return (body) => {
        if (under.has(id)) post({ id, body });
      };
    },
    back(message) {
      const { id } = message;
      const near = under.get(id);
      if (!near) return;
      const { outgoing } = near;
      if ('bytes' in message) {
        near.held += message.bytes.length;
        if (outgoing.write(message.bytes)) tell(id, near);
        return;
      }
      if ('status' in message && message.body === undefined)
        return outgoing.begin(message.status, message.headers);
      under.delete(id);
      outgoing.onLeft = undefined;
      outgoing.onDrain = undefined;
      if ('over' in message) return message.over === 'end' ? outgoing.end() : outgoing.break();
      outgoing.send(message.status, message.headers, message.body ?? '');
    },
  };
}

/** The other end: answers what was handed over by `handler`, as if it had come in here. */
export function carriedTo(
  handler: Handler,
  post: (message: CarriedBack) => void,
): {
  there(message: CarriedThere): void;
  /** Whoever carried is gone, and all callers with it. */
  gone(): void;
} {
  const under = new Map<number, Far>();
  return {
    there(message) {
      const { id } = message;
      if ('incoming' in message) {
        const far = new Far(id, post, () => under.delete(id));
        under.set(id, far);
        far.take = handler(message.incoming, far);
        return;
      }
      const far = under.get(id);
      if ('body' in message) far?.take?.(message.body);
      else if ('taken' in message) far?.taken(message.taken);
      else far?.leave();
    },
    gone() {
      for (const far of [...under.values()]) far.leave();
    },
  };
}

/** An answer that is written here and leaves the house elsewhere. */
class Far implements Outgoing {
  onLeft: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  take: ReturnType<Handler>;
  private readonly id: number;
  private readonly post: (message: CarriedBack) => void;
  private readonly over: () => void;
  private owed = 0;
  private waiting = false;

  constructor(id: number, post: (message: CarriedBack) => void, over: () => void) {
    this.id = id;
    this.post = post;
    this.over = over;
  }

  send(status: number, headers: Fields, body: Uint8Array | string): void {
    this.over();
    this.post({ id: this.id, status, headers, body });
  }

  begin(status: number, headers: Fields): void {
    this.post({ id: this.id, status, headers });
  }

  write(bytes: Uint8Array | string): boolean {
    this.owed += bytes.length;
    this.post({ id: this.id, bytes });
    this.waiting = this.owed > ROOM;
    return !this.waiting;
  }

  end(): void {
    this.over();
    this.post({ id: this.id, over: 'end' });
  }

  break(): void {
    this.over();
    this.post({ id: this.id, over: 'break' });
  }

  taken(bytes: number): void {
    this.owed -= bytes;
    if (!this.waiting || this.owed > ROOM / 2) return;
    this.waiting = false;
    this.onDrain?.();
  }

  leave(): void {
    this.over();
    this.onLeft?.();
  }
}
