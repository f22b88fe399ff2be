import type { Decoded } from "../model/decode";
import type { FromWorker, ToWorker } from "./messages";
import type { Modules, Own } from "./realm";
import type * as looks from "./looks";

type Reads = (memory: WebAssembly.Memory) => Decoded | null;

/** Answers the page, in a worker: it decodes its heaps here, and posts what it finds. */
export class Server {
  private readonly readers = new Map<number, Reads>();
  /** The number of sites that the page has, by module. */
  private readonly told = new Map<number, number>();

  constructor(
    private readonly port: MessagePort,
    private readonly modules: Modules,
    private readonly load: () => Promise<typeof looks>,
    private readonly remove: () => void,
  ) {
    port.onmessage = ({ data }: MessageEvent<ToWorker>) => { void this.answer(data); };
  }

  /** Tells of a module, with its memory where that is shared and the engine lets it go to another thread. */
  announce({ id, from, size, descriptor, state, memory }: Own): void {
    const own = memory() ?? null;
    const message = (memory: WebAssembly.Memory | null): FromWorker => ({ is: "module", module: { id, from, size, descriptor, state }, memory });
    const shared = own !== null && Object.prototype.toString.call(own.buffer) === "[object SharedArrayBuffer]";
    try {
      this.post(message(shared ? own : null));
    } catch {
      this.post(message(null));
    }
  }

  /** Hands the port of a worker's worker on. */
  pass(script: string, name: string, port: MessagePort): void {
    this.post({ is: "worker", script, name }, [port]);
  }

  private post(message: FromWorker, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }

  private async answer(asked: ToWorker): Promise<void> {
    switch (asked.is) {
      case "record":
        this.modules.rate = asked.rate;
        return;
      case "remove":
        this.port.close();
        this.remove();
        return;
      case "look":
        return this.look(asked.id);
      case "drain":
        this.records(asked.id);
        return;
      case "start":
        this.start(asked.id, asked.rate);
        return;
      case "stop":
        this.records(asked.id);
        this.modules.get(asked.id)?.tape?.stop();
    }
  }

  private start(id: number, rate: number): void {
    const module = this.modules.get(id);
    if (module?.source == null) return;
    module.tape = module.source.start(rate);
    this.told.delete(id);
  }

  private async look(id: number): Promise<void> {
    const module = this.modules.get(id);
    const { reader, packed } = await this.load();
    const memory = module?.memory();
    if (module === undefined || memory === undefined) return;
    let read = this.readers.get(id);
    if (read === undefined) this.readers.set(id, (read = reader(module.descriptor)));
    const look = packed(read(memory));
    // Records of what the look shows come before it.
    this.records(id);
    this.post({ is: "look", id, look }, look !== null && "picture" in look ? [look.picture.runs.buffer, look.picture.slabs.buffer] as Transferable[] : []);
  }

  /** Posts what a module did since the last time, and keeps none of it. */
  private records(id: number): void {
    const tape = this.modules.get(id)?.tape;
    if (tape === undefined || tape === null) return;
    tape.drain();
    const { trace } = tape;
    const words = trace.words.slice(0, 4 * trace.count);
    const sites = trace.sites.slice(this.told.get(id) ?? 0);
    this.told.set(id, trace.sites.length);
    trace.count = 0;
    this.post({ is: "records", id, words, sites }, [words.buffer]);
  }
}
