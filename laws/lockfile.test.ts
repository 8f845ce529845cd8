import { expect, test } from 'bun:test';
import { files, read } from './tree.ts';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const manifests = files(/(^|\/)package\.json$/);

test('the lockfile names no registry, so an install goes wherever the machine is set up to go', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; link?: boolean }>;
  };
  const named = Object.entries(packages).flatMap(([path, p]) =>
    p.resolved !== undefined && !p.link ? [path] : [],
  );
  expect(named).toEqual([]);
});

test('the lockfile holds every platform, or a clean install is refused', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const paths = Object.keys(packages);
  const wanted = Object.values(packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
});

test('every version is pinned', () => {
  const loose = manifests.flatMap((file) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as Manifest;
    return Object.entries({ ...dependencies, ...devDependencies }).flatMap(([name, version]) =>
      /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`${file}: ${name} ${version}`],
    );
  });
  expect(loose).toEqual([]);
});

test('no file names a host of a package registry', () => {
  // Put together here so that this file does not hold it itself.
  const hosts = new RegExp(`${['registry', 'npmjs'].join('.')}|${['deb', 'debian'].join('.')}`);
  expect(files(/./).filter((f) => !/\.(png|jpg|ico|woff2)$/.test(f) && hosts.test(read(f)))).toEqual([]);
});
