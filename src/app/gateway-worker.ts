import { systemClock } from '#kernel';
import type { FromThread, ToThread } from './threads/messages.ts';
import { runThread } from './threads/thread.ts';

declare const self: Worker;

/** A further gateway thread. What goes wrong while it begins ends it, and the first thread starts another one after a while. */
const post = (said: FromThread) => self.postMessage(said);
let hear: ((said: ToThread) => void) | undefined;
self.onmessage = ({ data }: MessageEvent<ToThread>) => {
  if (data.say === 'begin') hear = runThread(data.given, systemClock(), post);
  else hear?.(data);
};
