import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { files, ROOT, read } from './tree.ts';

const papers = files(/\.md$/).filter((f) => !f.startsWith('docs/reference/'));

/** Paths in a paper: links, and inline code that starts like a folder of this repository. */
function pathsIn(text: string): readonly string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  const links = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map((m) => m[1] as string)
    .filter((p) => !/^[a-z]+:/.test(p));
  const code = [
    ...prose.matchAll(
      /`((?:contracts|src|sdk|console|drills|laws|test|bench|docs|examples|bin)\/[\w./-]*)`/g,
    ),
  ].map((m) => m[1] as string);
  return [...links, ...code];
}

test('every path that a paper names exists', () => {
  const missing = papers.flatMap((paper) =>
    pathsIn(read(paper))
      .filter((path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, dirname(paper), path)))
      .map((path) => `${paper}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('a paper names no line of code', () => {
  expect(papers.filter((paper) => /\.tsx?:\d+/.test(read(paper)))).toEqual([]);
});
