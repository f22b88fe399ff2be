import type { Recordable, Tape } from "../inspect/tape";
import { fileName } from "../record/caller";
import type { Trace } from "../model/trace";
import { SpillingTrace } from "../record/spilling-trace";
import { text } from "../text/auto";
import type { Described, FromWorker, Look, ToWorker } from "./messages";
import type { Own } from "./realm";

/** A module of the page or of one of its workers. */
export interface Listed extends Described {
  readonly name: string;
  /** Null where it is decoded in its worker. */
  readonly memory: (() => WebAssembly.Memory | undefined) | null;
  /** The way to a heap that is decoded in its worker. */
  readonly remote: Remote | null;
  readonly source: Recordable | null;
  /** The recording that began with it. */
  readonly tape: Tape | null;
}

/** The modules of a page and of all its workers. */
export class Roster {
  readonly modules: Listed[] = [];
  /** Sentences on what could not be seen. */
  readonly warnings: string[] = [];
  private readonly ports = new Set<MessagePort>();
  private readonly named = new Map<string, number>();
  private readonly hearers = new Set<() => void>();

  /** `rate`: bytes from one sample of call sites to the next, -1 while nothing is recorded. */
  constructor(private rate: number) {}

  /** Has the workers' modules recorded that are compiled from now on. */
  record(rate: number): void {
    this.rate = rate;
    this.tell({ is: "record", rate });
  }

  /** Calls back whenever the list is another; returns what ends that. */
  hear(changed: () => void): () => void {
    this.hearers.add(changed);
    return () => { this.hearers.delete(changed); };
  }

  own(module: Own): void {
    this.add({ ...module, name: this.name(module.from, ""), remote: null });
  }

  /** A worker that said hello. */
  worker(script: string, name: string, port: MessagePort): void {
    const of = this.count(name === "" ? fileName(script) : name);
    this.ports.add(port);
    const remotes = new Map<number, Remote>();
    port.onmessage = ({ data, ports }: MessageEvent<FromWorker>) => {
      switch (data.is) {
        case "module": {
          const { module, memory } = data;
          const remote = new Remote(module.id, port);
          remotes.set(module.id, remote);
          const recorded = module.state === "recorded";
          this.add({
            ...module,
            name: this.name(module.from, of),
            memory: memory === null ? null : () => memory,
            remote,
            source: recorded ? remote : null,
            tape: recorded ? remote.tape(Math.max(0, this.rate)) : null,
          });
          return;
        }
        case "look":
          remotes.get(data.id)?.seen(data.look);
          return;
        case "records":
          remotes.get(data.id)?.recorded(data.words, data.sites);
          return;
        case "worker":
          this.worker(data.script, data.name, ports[0]!);
      }
    };
    // One that loaded this script by itself does not know it.
    this.tell({ is: "record", rate: this.rate }, [port]);
  }

  tell(message: ToWorker, ports: Iterable<MessagePort> = this.ports): void {
    for (const port of ports) port.postMessage(message);
  }

  end(): void {
    this.tell({ is: "remove" });
    for (const port of this.ports) port.close();
    this.ports.clear();
    this.modules.length = 0;
    this.hearers.clear();
  }

  warn(warning: string): void {
    this.warnings.push(warning);
    this.changed();
  }

  private add(module: Listed): void {
    this.modules.push(module);
    this.changed();
  }

  private changed(): void {
    for (const hear of this.hearers) hear();
  }

  private name(from: string, worker: string): string {
    return this.count(text.module(fileName(from), worker));
  }

  /** Counts names that come again. */
  private count(name: string): string {
    const count = (this.named.get(name) ?? 0) + 1;
    this.named.set(name, count);
    return count === 1 ? name : text.again(name, count);
  }
}

/** A module that is decoded, and recorded, in its worker. */
export class Remote implements Recordable {
  onSeen: ((look: Look) => void) | null = null;
  /** A look that was asked for and has not come: the worker is busy. */
  waits = false;
  private trace: Trace | null = null;

  constructor(
    private readonly id: number,
    private readonly port: MessagePort,
  ) {}

  /** Asks for a look, unless one is on its way. */
  look(): void {
    if (this.waits) return;
    this.waits = true;
    this.post({ is: "look", id: this.id });
  }

  seen(look: Look): void {
    this.waits = false;
    this.onSeen?.(look);
  }

  start(rate: number): Tape {
    this.post({ is: "start", id: this.id, rate });
    return this.tape(rate);
  }

  /** The recording as it arrives. */
  tape(rate: number): Tape {
    const trace = new SpillingTrace();
    trace.rate = rate;
    this.trace = trace;
    return {
      trace,
      drain: () => {
        this.post({ is: "drain", id: this.id });
        return "";
      },
      stop: () => { this.post({ is: "stop", id: this.id }); },
      called: () => undefined,
    };
  }

  recorded(words: Uint32Array, sites: readonly string[][]): void {
    this.trace?.append(words);
    this.trace?.sites.push(...sites);
  }

  private post(message: ToWorker): void {
    this.port.postMessage(message);
  }
}
