import { closeSync, ftruncateSync, openAsBlob, openSync, rmSync, writeSync } from "node:fs";
import type { Store } from "./store";

/** Keeps a recording in a file, at once: a program that ends has no time for promises. */
export class FileStore implements Store {
  private readonly file: number;
  private end: number;

  /** Throws if the file cannot be made. `header` is the length of the header. */
  constructor(
    private readonly path: string,
    header: number,
  ) {
    this.file = openSync(path, "w+");
    this.end = header;
  }

  put(segment: Uint8Array): boolean {
    try {
      this.write(segment, this.end);
      this.end += segment.length;
      return true;
    } catch {
      return false;
    }
  }

  /** The file is complete when this returns, before the promise does. */
  finish(header: Uint8Array, tail: Uint8Array): Promise<Blob> {
    try {
      this.write(tail, this.end);
      // The rest of a segment that was written in part goes.
      ftruncateSync(this.file, this.end + tail.length);
      this.write(header, 0);
    } finally {
      closeSync(this.file);
    }
    return openAsBlob(this.path);
  }

  discard(): Promise<void> {
    rmSync(this.path, { force: true });
    return Promise.resolve();
  }

  private write(bytes: Uint8Array, at: number): void {
    for (let from = 0; from < bytes.length; ) from += writeSync(this.file, bytes, from, bytes.length - from, at + from);
  }
}
