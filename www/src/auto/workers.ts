import type { Maker, Replacements } from "../record/replace";
import { HELLO, isHello } from "./messages";

/** Told to a worker by its own address, behind `#`: it runs before anything could be sent to it. */
export interface Boot {
  /** The address of the worker's script. */
  readonly script: string;
  /** The address of this one, for its workers. */
  readonly self: string;
  /** Bytes from one sample of call sites to the next; -1 where nothing is to be recorded. */
  readonly rate: number;
}

const MARK = "#bonsai-heap-inspector=";

/** Returns what the address of a worker says, if it was started by `watchWorkers`. */
export function bootOf({ protocol, hash }: { readonly protocol: string; readonly hash: string }): Boot | null {
  if (protocol !== "blob:" || !hash.startsWith(MARK)) return null;
  const [rate, self, script] = JSON.parse(decodeURIComponent(hash.slice(MARK.length))) as [number, string, string];
  return { rate, self, script };
}

export interface Workers {
  /** The address of this script, for workers to load. */
  readonly self: () => string;
  readonly rate: () => number;
  /** False where workers are started as they are, and only listened to. */
  readonly boot: () => boolean;
  /** Hears of a worker that loaded this script: the address of its own, and the name it was given, or "". */
  readonly onWorker: (script: string, name: string, port: MessagePort) => void;
}

/**
 * Takes the place of `Worker` in a realm. A worker starts from a blob of two lines, which loads this script and then the worker's
 * own. A worker that loads this script by itself says hello as well.
 */
export function watchWorkers(realm: typeof globalThis, replaced: Replacements, { self, rate, boot, onWorker }: Workers): void {
  // Some realms have no workers of their own.
  if (typeof realm.Worker !== "function") return;
  const native = realm.Worker as unknown as Maker;
  const revokeObjectURL = URL.revokeObjectURL.bind(URL);
  /** Addresses of blobs that a worker has not loaded yet, and whether somebody revoked them meanwhile. */
  const loading = new Map<string, boolean>();

  const loader = (url: unknown, options: WorkerOptions | undefined): { readonly blob: string; readonly script: string } | null => {
    // A string is not of the trusted types that some policies demand; such a worker starts as it is.
    if (!boot() || (typeof url !== "string" && !(url instanceof URL))) return null;
    const base = (realm.document as Document | undefined)?.baseURI ?? realm.location.href;
    if (!URL.canParse(url, base)) return null;
    const { href: script, protocol, origin } = new URL(url, base);
    // The engine refuses scripts of other origins, and gives those in data: addresses an origin of their own.
    if (!/^(?:https?|blob):$/.test(protocol) || origin !== realm.location.origin) return null;
    const load = (from: string): string => (options?.type === "module" ? `import ${JSON.stringify(from)};\n` : `importScripts(${JSON.stringify(from)});\n`);
    return { blob: URL.createObjectURL(new Blob([load(self()), load(script)], { type: "text/javascript" })), script };
  };

  replaced.call(URL, "revokeObjectURL", ([address]) => {
    if (loading.has(String(address))) loading.set(String(address), true);
    else revokeObjectURL(String(address));
  });
  replaced.construct(realm, "Worker", (args, made) => {
    const [url, options] = args as [unknown, WorkerOptions | undefined];
    const given = loader(url, options);
    const start = given === null ? args : [`${given.blob}${MARK}${encodeURIComponent(JSON.stringify([rate(), self(), given.script]))}`, options];
    const worker = Reflect.construct(native, start, made) as Worker;
    if (given !== null) loading.set(given.blob, true).set(given.script, false);
    const loaded = (): void => {
      for (const each of given === null ? [] : [given.blob, given.script]) {
        if (loading.get(each) === true) revokeObjectURL(each);
        loading.delete(each);
      }
    };
    worker.addEventListener("error", loaded, { once: true });
    worker.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (!isHello(event.data)) return;
      event.stopImmediatePropagation();
      const [port] = event.ports;
      if (port === undefined) loaded();
      else onWorker(event.data[HELLO], options?.name ?? "", port);
    });
    return worker;
  });
}
