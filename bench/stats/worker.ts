import { runSection, setSeed } from './lib.ts';
import { SECTIONS } from './sections.ts';

declare const self: Worker;

/** One section per message; the answer carries its rows and its time. */
self.onmessage = ({ data }: MessageEvent<{ id: string; scale: number; seed?: string }>) => {
  const section = SECTIONS.find(({ id }) => id === data.id);
  if (!section) throw new Error(`no section ${data.id}`);
  setSeed(data.seed);
  const from = performance.now();
  const rows = runSection(section, data.scale);
  self.postMessage({ id: data.id, rows, seconds: (performance.now() - from) / 1000 });
};
