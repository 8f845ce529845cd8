import { LinkedMap } from '#kernel';

export type Path = 'new' | 'old';

/** Paths that threads and tasks have begun on, those that spoke last. Not kept over a restart: then the hash alone decides. */
export class Held {
  private readonly paths = new LinkedMap<string, Path>();
  private readonly most: number;

  constructor(most = 10_000) {
    this.most = most;
  }

  get(session: string): Path | undefined {
    return this.paths.get(session);
  }

  set(session: string, path: Path): void {
    this.paths.set(session, path);
    const { oldest } = this.paths;
    if (oldest && this.paths.size > this.most) this.paths.delete(oldest.key);
  }

  clear(): void {
    this.paths.clear();
  }
}
