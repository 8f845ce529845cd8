/**
 * What every stream statistic here looks like: a frozen rule, validated once, whose state is plain JSON that whoever
 * runs the stream keeps. `step` never changes the state it is given, so a saved state stays what it was.
 */
export interface Sequential<State, Observation, Reading> {
  /** State before the first observation; also the state to go back to when a Finding is closed. */
  readonly start: State;
  step(state: State, observation: Observation): State;
  read(state: State): Reading;
}

/** Where a detector stands after its last observation. */
export interface AlarmReading {
  readonly alarm: boolean;
  readonly statistic: number;
  readonly threshold: number;
  /** Observations seen. */
  readonly n: number;
  /** Estimate of the change time: the change came after this many observations. */
  readonly changeAfter: number;
}
