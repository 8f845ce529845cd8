/**
 * The folder that holds the spool, as this room sees it. Synchronous on purpose: an append of a few hundred kilobytes into
 * the page cache takes less time than handing it to a thread pool and hearing back, and it keeps frames in order.
 * Names are relative to the folder; `parked/…` and `pending/…` are its subfolders.
 */
export interface SpoolFiles {
  /** Files of the folder (or of a subfolder) with their sizes in bytes; empty when it does not exist yet. Throws when it cannot be read. */
  list(folder?: 'parked' | 'pending'): readonly SpoolFile[];
  /** Writes all of `bytes` at the end or throws and leaves the file as long as it was. Creates folder and file. */
  append(name: string, bytes: Uint8Array): void;
  /** At most `length` bytes from `offset`; fewer at the end of the file. */
  read(name: string, offset: number, length: number): Uint8Array;
  /**
   * A new file of `size` zeros as memory: what is written to it stays when the process dies, and cannot fail when the disk is full.
   * Throws where that cannot be had.
   */
  map(name: string, size: number): Uint8Array;
  /** Lets go of the handle that `append` keeps. */
  close(name: string): void;
  remove(name: string): void;
  /** Bytes that may still be written to the disk; undefined when the system does not say. */
  freeSpace(): number | undefined;
}

export interface SpoolFile {
  readonly name: string;
  readonly size: number;
}
