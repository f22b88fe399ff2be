import { Kind, RECORD_WORDS } from "../wire/trace-layout";
import { makeHook, type HookExports } from "./hook";
import { Extra } from "./rewrite";

/** Takes records (docs/trace-format.md) as they come: a trace, or a file. */
export interface Sink {
  /** Takes whole records; the words are only lent. */
  append(records: Uint32Array): void;
}

/** Takes the stack of whoever calls it, and returns its number, from 1. */
export type TakeSite = () => number;

const PAGE = 65536;

/** A rewritten module that runs: its operations, from when somebody asks for them. */
export class Tap {
  private readonly hook: HookExports;
  private readonly table: WebAssembly.Table;
  private readonly inside: WebAssembly.Global<"i32">;
  readonly memory: WebAssembly.Memory;
  private sink: Sink | null = null;
  private takeSite: TakeSite | null = null;
  private rate = 0;
  private began = 0;
  /** Records that were taken since the start. */
  records = 0;
  /** Hears of each request that the allocator refused, before the module does. */
  onRefused: ((size: number) => void) | null = null;
  /** The number of operations that did not end: the module was stopped within its allocator. */
  broken = 0;

  /** `exports` are those of the rewritten module, with what was added. */
  constructor(
    private readonly exports: WebAssembly.Exports,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.table = exports[Extra.hook] as WebAssembly.Table;
    this.inside = exports[Extra.inside] as WebAssembly.Global<"i32">;
    this.memory = exports[Extra.memory] as WebAssembly.Memory;
    this.hook = makeHook({
      full: () => {
        this.take();
      },
      site: () => {
        this.hook.left.value = this.gap();
        return this.takeSite?.() ?? 0;
      },
      refused: (size) => {
        this.onRefused?.(size);
      },
    });
    this.table.set(0, this.hook.ignore);
  }

  /** Calls the start function, which the module no longer calls by itself; once, when recording may have begun. */
  begin(): void {
    (this.exports[Extra.start] as (() => void) | undefined)?.();
  }

  get recording(): boolean {
    return this.sink !== null;
  }

  /**
   * Begins to record into `sink`. `rate` is the bytes from one sample of call sites to the next; 0 takes none.
   */
  start(sink: Sink, rate = 0, takeSite: TakeSite | null = null): void {
    this.stop();
    this.sink = sink;
    this.takeSite = takeSite;
    this.rate = takeSite === null ? 0 : rate;
    this.records = 0;
    this.began = this.now();
    this.hook.filled.value = 0;
    this.hook.pages.value = this.memory.buffer.byteLength / PAGE;
    this.hook.left.value = this.gap();
    this.table.set(0, this.hook.record);
  }

  stop(): void {
    if (this.sink === null) return;
    this.drain();
    this.table.set(0, this.hook.ignore);
    this.sink = null;
  }

  /** Hands over what waits. To be called while the module does not run. */
  drain(): void {
    if (this.sink === null) return;
    if (this.inside.value !== 0) {
      // A trap or a stack overflow left the allocator in the middle of an operation, which is lost.
      this.inside.value = 0;
      this.broken++;
      this.take();
      this.sink.append(Uint32Array.of(Kind.Lost, 0, 1, 0));
    } else this.take();
  }

  /** Hands over what waits, even while the module runs. */
  take(): void {
    const { hook, sink } = this;
    const words = hook.filled.value >>> 2;
    hook.filled.value = 0;
    if (words === 0 || sink === null) return;
    sink.append(new Uint32Array(hook.memory.buffer, 0, words));
    sink.append(Uint32Array.of(Kind.Mark, Math.max(0, Math.round(this.now() - this.began)), 0, 0));
    this.records += words / RECORD_WORDS;
  }

  /** Bytes until the next sample: as many on average as the rate, at random, so that no pattern is missed. */
  private gap(): number {
    return this.rate === 0 ? Infinity : -Math.log(1 - Math.random()) * this.rate;
  }
}

/** Returns the exports as the module's author knows them: without what was added. */
export function ownExports(exports: WebAssembly.Exports): WebAssembly.Exports {
  const extra: readonly string[] = Object.values(Extra);
  const own = Object.create(null) as WebAssembly.Exports;
  for (const [name, value] of Object.entries(exports)) if (!extra.includes(name)) own[name] = value;
  return Object.freeze(own);
}
