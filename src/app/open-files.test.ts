import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { warnOfFewFiles } from './open-files.ts';

test('few files are warned of with a remedy, many and unknown are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-files-'));
  const said = (limits: string): unknown[] => {
    const file = join(folder, 'limits');
    writeFileSync(file, limits);
    const logged: unknown[] = [];
    warnOfFewFiles((level, event, data) => logged.push({ level, event, data }), file);
    return logged;
  };
  const limit = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 1048576              files\n`;
  expect(said(limit('256'))).toEqual([
    { level: 'warn', event: 'few open files', data: expect.objectContaining({ limit: 256 }) },
  ]);
  expect(said(limit('65536'))).toEqual([]);
  expect(said(limit('unlimited'))).toEqual([]);
  expect(said('')).toEqual([]);
  rmSync(folder, { recursive: true });
});
