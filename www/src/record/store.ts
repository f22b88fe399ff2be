/**
 * A place for the bytes of a recording, which come in segments of some megabytes. There are three: memory, the browser's
 * file system for a page (store-opfs.ts), a file of Node's (store-file.ts).
 */
export interface Store {
  /**
   * Keeps a segment behind those that it has, whole or not at all; false if it could not. The bytes are the store's from
   * then on. A store that answers with a promise gets the next segment after that.
   */
  put(segment: Uint8Array<ArrayBuffer>): boolean | Promise<boolean>;
  /**
   * Ends the file: `header` stands before the segments, and has the length that the store was told, `tail` behind them.
   * Returns the file, which is read by range, and throws if it could not be written.
   */
  finish(header: Uint8Array<ArrayBuffer>, tail: Uint8Array<ArrayBuffer>): Promise<Blob>;
  /** Deletes what was kept. */
  discard(): Promise<void>;
}

/** Keeps a recording in memory. */
export class MemoryStore implements Store {
  private readonly parts: Uint8Array<ArrayBuffer>[] = [];

  put(segment: Uint8Array<ArrayBuffer>): boolean {
    this.parts.push(segment);
    return true;
  }

  finish(header: Uint8Array<ArrayBuffer>, tail: Uint8Array<ArrayBuffer>): Promise<Blob> {
    return Promise.resolve(new Blob([header, ...this.parts, tail]));
  }

  discard(): Promise<void> {
    this.parts.length = 0;
    return Promise.resolve();
  }
}
