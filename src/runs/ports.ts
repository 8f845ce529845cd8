import type {
  AskFacets,
  Clock,
  EpochMs,
  Fields,
  Handler,
  Incoming,
  Log,
  Protocol,
  RunStore,
  Transport,
} from '#contracts';

/** `runs:` of the configuration. */
export interface RunSettings {
  /** Runs under way at once. */
  readonly concurrency: number;
  /** Executions of one run that may end in a transport failure. */
  readonly tries: number;
  /** How long a run may wait to be taken up, milliseconds. */
  readonly expire: number;
  /** How long a run waits for somebody's yes, where it does not say, milliseconds. */
  readonly approveWithin: number;
  /** How long a finished run is kept, milliseconds. */
  readonly keep: number;
  /** Hosts that may be told; `*` matches any run of characters. */
  readonly webhookHosts: readonly string[];
}

/** A credential for one execution, so that no caller's own has to be kept. */
export interface Pass {
  /** Undefined where callers need none. */
  readonly credential: string | undefined;
  end(): void;
}

/** A run as far as it matters when it is begun. */
export interface Deferrable {
  readonly protocol: Protocol;
  readonly facets: AskFacets;
  readonly headers: Fields;
  /** How long it can wait, milliseconds; undefined: as its route has it. */
  readonly within: number | undefined;
}

/** When it is begun, and why then. */
export interface Deferral {
  /** Absent: at once. */
  readonly at?: EpochMs;
  readonly says: string;
}

export interface RunPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RunStore;
  readonly protocols: readonly Protocol[];
  readonly settings: () => RunSettings;
  /** Names whoever holds a run: the same after a restart of the same instance, and nobody else's. */
  readonly worker: string;
  /** The data plane, which carries a run out like any other call. */
  readonly handler: Handler;
  /** Id of the key with which a caller comes in, `''` where none is needed; undefined for one who may not. */
  readonly caller: (incoming: Incoming) => string | undefined;
  /** Refuses who may not come in, in words that this room does not have to know. */
  readonly stranger: Handler;
  /** Undefined where neither the run nor its route wants it put off. */
  readonly defer: (run: Deferrable) => Deferral | undefined;
  readonly pass: (key: string | undefined) => Pass;
  /** For news of an end. */
  readonly transport: Transport;
}
