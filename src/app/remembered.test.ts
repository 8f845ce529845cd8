import { expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualClock } from '#kernel';
import { recall, remember } from './remembered.ts';

const quiet = () => undefined;

/** A folder for one test, gone after it. */
async function within(run: (file: string, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'remembered-'));
  try {
    await run(join(folder, 'state.json'), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what was saved in its turn, at once and at the end is there again', () =>
  within(async (file, folder) => {
    const clock = virtualClock();
    let n = 1;
    const memory = remember(file, () => ({ n }), 1_000, clock, quiet);
    expect(recall(file, quiet)).toBeUndefined();
    await clock.advance(1_000);
    n = 2;
    memory.save();
    expect(recall<{ n: number }>(file, quiet)).toEqual({ n: 2 });
    n = 3;
    await memory.stop();
    expect(recall<{ n: number }>(file, quiet)).toEqual({ n: 3 });
    expect(readdirSync(folder)).toEqual(['state.json']);
  }));

test('a word that is saved at once is not undone by an older state that was still being written', () =>
  within(async (file) => {
    for (let round = 0; round < 50; round++) {
      const clock = virtualClock();
      let word = 'old';
      const memory = remember(file, () => ({ round, word }), 1_000, clock, quiet);
      const turn = clock.advance(1_000);
      // At different moments of the write under way.
      for (let i = 0; i < round % 7; i++) await new Promise((resolve) => setImmediate(resolve));
      word = 'new';
      memory.save();
      await turn;
      // The write under way ends in its own time, and with an older state.
      const settled = () =>
        !existsSync(`${file}.later`) && recall<{ word: string }>(file, quiet)?.word === 'new';
      for (let held = 0, tries = 0; held < 10 && tries < 3_000; tries++) {
        held = settled() ? held + 1 : 0;
        await Bun.sleep(1);
      }
      expect(recall<{ word: string }>(file, quiet)?.word).toBe('new');
    }
  }));

test('a full disk, or a folder that is gone, is told once and is no end', () =>
  within(async (file) => {
    const told: string[] = [];
    const clock = virtualClock();
    let n = 0;
    const memory = remember(
      join(file, 'nowhere.json'),
      () => ({ n: n++ }),
      1_000,
      clock,
      (_, text) => told.push(text),
    );
    await clock.advance(3_000);
    await memory.stop();
    expect(told).toEqual(['state could not be saved']);
  }));
