import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import { makeHook, SEVERAL, SLOTS, tagPlace, TAGS, type Hook, type Mode } from "./hook";
import { Pace } from "./pace";
import { Extra } from "./rewrite";

/** Takes records (docs/trace-format.md) as they come: a trace, or a file. */
export interface Sink {
  /** Takes whole records; the words are only lent. */
  append(records: Uint32Array): void;
}

/** Numbers of operations. */
export interface Counts {
  readonly allocations: number;
  readonly frees: number;
  readonly reallocations: number;
  /** Requests that the allocator had no memory for. */
  readonly refused: number;
  /** Operations before which memory had grown. */
  readonly growths: number;
}

/** Takes only the records that concern sampled blocks, and how many operations there were. */
export interface SampleSink extends Sink {
  count(counts: Counts): void;
  /** Returns the addresses of the sampled blocks that live. */
  addresses(): Iterable<number>;
}

const samplesOnly = (sink: Sink): sink is SampleSink => "addresses" in sink;

/** Takes the stack of whoever calls it, and returns its number, from 1. */
export type TakeSite = () => number;

const PAGE = 65536;
const COUNTED = ["allocations", "frees", "reallocations", "refused", "growths"] as const;

/** A rewritten module that runs: its operations, from when somebody asks for them. */
export class Tap {
  private readonly hook: Hook;
  private readonly table: WebAssembly.Table;
  private readonly inside: WebAssembly.Global<"i32">;
  readonly memory: WebAssembly.Memory;
  private sink: Sink | null = null;
  private takeSite: TakeSite | null = null;
  private rate = 0;
  private began = 0;
  private pace = new Pace();
  /** Sites since the tags were written, and after how many they are written anew. */
  private noted = 0;
  private most = 0;
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
      site: () => this.site(),
      refused: (size) => {
        this.onRefused?.(size);
      },
    });
    this.exchange(null);
  }

  /** Calls the start function, which the module no longer calls by itself; once, when recording may have begun. */
  begin(): void {
    (this.exports[Extra.start] as (() => void) | undefined)?.();
  }

  get recording(): boolean {
    return this.sink !== null;
  }

  /**
   * Begins to record into `sink`. `rate` is the bytes from one sample of call sites to the next, on average; 0 takes
   * none. Where stacks would take more than a fourth of the program's time they are taken further apart.
   */
  start(sink: Sink, rate = 0, takeSite: TakeSite | null = null): void {
    this.stop();
    this.sink = sink;
    this.takeSite = takeSite;
    this.rate = takeSite === null ? 0 : rate;
    this.records = 0;
    this.began = this.now();
    this.pace = new Pace();
    const { hook } = this;
    for (const name of ["filled", ...COUNTED] as const) hook[name].value = 0;
    hook.pages.value = this.memory.buffer.byteLength / PAGE;
    hook.left.value = this.gap();
    if (samplesOnly(sink)) this.tag(sink);
    this.exchange(samplesOnly(sink) ? "sampled" : "all");
  }

  stop(): void {
    if (this.sink === null) return;
    this.drain();
    this.exchange(null);
    this.sink = null;
  }

  private exchange(mode: Mode | null): void {
    for (let i = 0; i < SLOTS; i++) this.table.set(i, mode === null ? this.hook.ignore : this.hook.operations[mode][i]!);
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
    if (sink === null) return;
    if (words > 0) {
      sink.append(new Uint32Array(hook.records, 0, words));
      if (!samplesOnly(sink)) sink.append(Uint32Array.of(Kind.Mark, Math.max(0, Math.round(this.now() - this.began)), 0, 0));
      this.records += words / RECORD_WORDS;
    }
    if (!samplesOnly(sink)) return;
    const [allocations, frees, reallocations, refused, growths] = COUNTED.map((name) => {
      const count = hook[name].value >>> 0;
      hook[name].value = 0;
      return count;
    }) as [number, number, number, number, number];
    sink.count({ allocations, frees, reallocations, refused, growths });
    if (this.noted > this.most) this.tag(sink);
  }

  /** Has the hook look out for the blocks that live, and no others. */
  private tag(sink: SampleSink): void {
    const { tags } = this.hook;
    tags.fill(0);
    let live = 0;
    for (const address of sink.addresses()) {
      const place = tagPlace(address);
      tags[place] = tags[place] === 0 ? address : SEVERAL;
      live++;
    }
    this.noted = 0;
    this.most = Math.max(live, TAGS / 16);
  }

  /** Takes the stack of the operation that runs. */
  private site(): number {
    const from = this.now();
    this.hook.site.value = Head.of(Kind.Site, this.pace.factor);
    const site = this.takeSite?.() ?? 0;
    this.noted++;
    this.pace.took(from, this.now());
    this.hook.left.value = this.gap();
    return site;
  }

  /** Bytes until the next sample: as many on average as the rate, at random, so that no pattern is missed. */
  private gap(): number {
    return this.rate === 0 ? Infinity : -Math.log(1 - Math.random()) * this.rate * 2 ** this.pace.factor;
  }
}

/** Returns the exports as the module's author knows them: without what was added. */
export function ownExports(exports: WebAssembly.Exports): WebAssembly.Exports {
  const extra: readonly string[] = Object.values(Extra);
  const own = Object.create(null) as WebAssembly.Exports;
  for (const [name, value] of Object.entries(exports)) if (!extra.includes(name)) own[name] = value;
  return Object.freeze(own);
}
