import { MemoryStore, type Store } from "./store";

/** The folder in a page's own file system that has a folder for each recording. */
const FOLDER = "bonsai-recordings";
const lockName = (id: string): string => `${FOLDER}/${id}`;

/** The folder of a recording. */
interface Place {
  readonly root: FileSystemDirectoryHandle;
  readonly id: string;
  readonly folder: FileSystemDirectoryHandle;
  /** Says that the recording is of use to nobody any more. */
  readonly release: () => void;
}

/**
 * Keeps a recording in the browser's file system for this page: each segment is a file of its own, so that one that could
 * not be written leaves the others as they are. Who closes the page leaves them behind; the next recording deletes them.
 * Where there is no such file system, as in a page that is not secure or in a private window, memory is in its place.
 */
export class OpfsStore implements Store {
  private place: Promise<Place | null> | null = null;
  private readonly files: File[] = [];
  private readonly memory = new MemoryStore();

  async put(segment: Uint8Array<ArrayBuffer>): Promise<boolean> {
    this.place ??= makePlace();
    const place = await this.place;
    if (place === null) return this.memory.put(segment);
    try {
      const handle = await place.folder.getFileHandle(`${this.files.length}`, { create: true });
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

  async finish(header: Uint8Array<ArrayBuffer>, tail: Uint8Array<ArrayBuffer>): Promise<Blob> {
    if (this.files.length === 0) return this.memory.finish(header, tail);
    return new Blob([header, ...this.files, tail]);
  }

  async discard(): Promise<void> {
    this.files.length = 0;
    await this.memory.discard();
    const place = await this.place;
    if (place === null) return;
    await place.root.removeEntry(place.id, { recursive: true }).catch(() => undefined);
    place.release();
  }
}

async function makePlace(): Promise<Place | null> {
  try {
    const origin = await navigator.storage.getDirectory();
    const root = await origin.getDirectoryHandle(FOLDER, { create: true });
    await deleteLeftovers(root);
    const id = crypto.randomUUID();
    // Held for as long as the page lives, or until the recording is discarded.
    const release = await hold(lockName(id));
    return { root, id, release, folder: await root.getDirectoryHandle(id, { create: true }) };
  } catch {
    return null;
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
