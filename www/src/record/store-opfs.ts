import type { Store } from "./store";

/** The folder in a page's own file system that has a folder for each recording. */
const FOLDER = "bonsai-recordings";
const lockName = (id: string): string => `${FOLDER}/${id}`;

/**
 * Keeps a recording in the browser's file system for this page: each segment is a file of its own, so that one that could
 * not be written leaves the others as they are. Who closes the page leaves them behind; the next recording deletes them.
 */
export class OpfsStore implements Store {
  private readonly files: File[] = [];

  private constructor(
    private readonly root: FileSystemDirectoryHandle,
    private readonly id: string,
    private readonly folder: FileSystemDirectoryHandle,
    /** Says that the recording is of use to nobody any more. */
    private readonly release: () => void,
  ) {}

  /** Returns a store; null where there is no such file system, as in a page that is not secure or in a private window. */
  static async open(): Promise<OpfsStore | null> {
    try {
      const origin = await navigator.storage.getDirectory();
      const root = await origin.getDirectoryHandle(FOLDER, { create: true });
      await deleteLeftovers(root);
      const id = crypto.randomUUID();
      // Held for as long as the page lives, or until the recording is discarded.
      const release = await hold(lockName(id));
      return new OpfsStore(root, id, await root.getDirectoryHandle(id, { create: true }), release);
    } catch {
      return null;
    }
  }

  async put(segment: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const name = `${this.files.length}`;
    try {
      const handle = await this.folder.getFileHandle(name, { create: true });
      const out = await handle.createWritable();
      try {
        await out.write(segment);
      } catch (error) {
        await out.abort().catch(() => undefined);
        throw error;
      }
      // Only now the file has its bytes.
      await out.close();
      this.files.push(await handle.getFile());
      return true;
    } catch {
      return false;
    }
  }

  finish(header: Uint8Array<ArrayBuffer>, tail: Uint8Array<ArrayBuffer>): Promise<Blob> {
    return Promise.resolve(new Blob([header, ...this.files, tail]));
  }

  async discard(): Promise<void> {
    this.files.length = 0;
    await this.root.removeEntry(this.id, { recursive: true }).catch(() => undefined);
    this.release();
  }
}

/** Takes a lock. Returns what gives it back. */
function hold(name: string): Promise<() => void> {
  return new Promise((taken, refused) => {
    navigator.locks
      .request(name, () => new Promise<void>((release) => {
        taken(release);
      }))
      .catch(refused);
  });
}

/** Deletes the recordings of pages that are closed. */
async function deleteLeftovers(root: FileSystemDirectoryHandle): Promise<void> {
  for await (const id of root.keys()) {
    await navigator.locks.request(lockName(id), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await root.removeEntry(id, { recursive: true }).catch(() => undefined);
    });
  }
}
