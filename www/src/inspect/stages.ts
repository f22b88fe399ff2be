import { isTrap, loadProgram, NotBuilt, reason, type Allocator, type HeapExports, type Program } from "../modules";
import { reportOf } from "../model/report";
import type { Source } from "../model/samples";
import { MOST_DEEDS } from "../model/share";
import { en } from "../text/inspect";
import { milliseconds } from "../text/format";
import type { HeapInspector, Shows } from "../views/heap-inspector";
import type { Running } from "./dropped-module";
import type { MemoryLayout } from "../model/inspectable";
import type { Dump } from "../record/dump";
import { Recording } from "./recording";
import { RingSource } from "./ring-tape";
import type { Recordable, Tape } from "./tape";

export type Condition =
  | { readonly is: "loading" }
  | { readonly is: "ready" }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly why: string }
  | { readonly is: "dead"; readonly why: string; readonly report: string | null };

/** A module that is shown, or was: its inspector keeps its history. */
export interface Stage {
  readonly key: string;
  condition: Condition;
  exports: HeapExports | null;
  program: Program | null;
  recording: Recording | null;
  /** The last text that it parsed. */
  parsed: Source | null;
  /** The parses and clears of that text since the module started, as a link has them; "" where they cannot be told. */
  did: string;
  shows: Shows | null;
}

/** A module that has begun: how it is recorded, and where its file says that its stack and data are. */
interface Begun {
  readonly source: Recordable | null;
  readonly tape: Tape | null;
  readonly layout?: MemoryLayout;
}

/** The key of the stage of a module that was dropped; the others have the names of their allocators. */
export const MODULE = "module";

export type Outcome =
  | { readonly is: "nothing" }
  | { readonly is: "said"; readonly text: string; readonly detail: string }
  | { readonly is: "broken"; readonly name: string; readonly message: string };

/** The element that draws the stages. */
export interface Host {
  readonly rate: number;
  /** Returns the inspector of a stage once it is drawn. */
  inspectorOf(key: string): Promise<HeapInspector | null>;
  changed(): void;
  /** Writes a line of the log. */
  tell(text: string, ok: boolean): void;
}

/** The modules of the room: this page's program on each allocator that was chosen, and the module that was dropped. */
export class Stages {
  private readonly all = new Map<string, Stage>();

  constructor(private readonly host: Host) {}

  get(key: string): Stage | undefined {
    return this.all.get(key);
  }

  get list(): Stage[] {
    return [...this.all.values()];
  }

  /** Forgets a stage: the next that is asked for is a fresh one. */
  forget(key: string): void {
    this.all.get(key)?.recording?.stop();
    this.all.delete(key);
  }

  /** Returns the stage of an allocator, loaded if it is not yet; `null` if another one took its place meanwhile. */
  async own(allocator: Allocator): Promise<Stage | null> {
    const known = this.all.get(allocator);
    if (known?.condition.is === "ready" || known?.condition.is === "loading") return known;
    const stage = this.make(allocator, { is: "loading" });
    const stale = (): boolean => this.all.get(allocator) !== stage;
    try {
      const program = await loadProgram(allocator);
      if (stale()) return null;
      stage.program = program;
      await this.begin(stage, program.exports, `demo-${allocator}`, { source: new RingSource(program.exports), tape: null });
    } catch (error) {
      if (stale()) return null;
      stage.condition = error instanceof NotBuilt ? { is: "missing" } : { is: "failed", why: reason(error) };
      this.host.changed();
    }
    return stage;
  }

  /** Shows a module that was dropped, in place of the one before. */
  async dropped(running: Running): Promise<void> {
    const { prepared, exports, source, tape } = running;
    const stage = this.make(MODULE, { is: "ready" });
    this.host.tell(en.module.running(prepared.name, prepared.size, prepared.glue), true);
    if (exports !== null) await this.begin(stage, exports, prepared.name.replace(/(_bg)?\.wasm$/i, ""), { source, tape, layout: prepared.layout });
  }

  /** Shows the memory of a dump. */
  async still(name: string, { about, memory }: Dump): Promise<void> {
    const stage = this.make(MODULE, { is: "ready" });
    this.host.tell(en.dump.of(about), true);
    stage.exports = { memory: memoryOf(memory) };
    this.host.changed();
    const inspector = await this.host.inspectorOf(MODULE);
    inspector?.attach(stage.exports);
    inspector?.refresh(name);
  }

  private make(key: string, condition: Condition): Stage {
    this.forget(key);
    const stage: Stage = { key, condition, exports: null, program: null, recording: null, parsed: null, did: "", shows: null };
    this.all.set(key, stage);
    this.host.changed();
    return stage;
  }

  /** Points a stage's inspector at a module, and records it if it can be. */
  private async begin(stage: Stage, exports: HeapExports, name: string, { source, tape, layout }: Begun): Promise<void> {
    stage.exports = exports;
    stage.condition = { is: "ready" };
    this.host.changed();
    const inspector = await this.host.inspectorOf(stage.key);
    if (inspector === null) return;
    inspector.attach({ ...exports, layout });
    stage.recording = new Recording(name, source, inspector, () => { this.host.changed(); });
    if (tape !== null) stage.recording.adopt(tape);
    else if (exports.BONSAI_TRACE !== undefined) stage.recording.start(this.host.rate);
    stage.recording.look(en.program.moment.start);
  }

  /** Has a stage parse a text; `null` where it cannot, or stopped. `size` in bytes. */
  parse(stage: Stage, source: Source, size: number): Outcome | null {
    const { program, recording } = stage;
    if (program === null || recording === null || stage.condition.is !== "ready") return null;
    const { name, kind, text } = source;
    const begin = performance.now();
    // A module that had another text before has moments that no link repeats.
    stage.did = stage.parsed === null ? "p" : stage.parsed === source ? this.done(stage, "p") : "";
    stage.parsed = source;
    try {
      const summary = recording.during(() => program.parse(kind, text));
      const said = en.program.parsed(name, size, milliseconds(performance.now() - begin));
      this.host.tell(`${said} ${summary}`, true);
      recording.look(en.program.moment.parse);
      return { is: "said", text: said, detail: summary };
    } catch (error) {
      if (this.stopped(stage, error)) return null;
      this.host.tell(`${en.program.broken(name)} ${reason(error)}`, false);
      recording.look(en.program.moment.error);
      return { is: "broken", name, message: reason(error) };
    }
  }

  private done({ did }: Stage, deed: "p" | "c"): string {
    return did === "" || did.length === MOST_DEEDS ? "" : did + deed;
  }

  /** Has a stage free its document. */
  clear(stage: Stage): Outcome | null {
    const { program, recording } = stage;
    if (program === null || recording === null || stage.condition.is !== "ready") return null;
    try {
      recording.during(() => { program.clear(); });
    } catch (error) {
      if (this.stopped(stage, error)) return null;
      throw error;
    }
    stage.did = this.done(stage, "c");
    this.host.tell(en.program.cleared, true);
    recording.look(en.program.moment.clear);
    return { is: "said", text: en.program.cleared, detail: "" };
  }

  /** Takes note of a module that trapped. */
  private stopped(stage: Stage, error: unknown): boolean {
    if (!isTrap(error)) return false;
    const report = stage.exports === null ? null : reportOf({ ...stage.exports });
    stage.condition = { is: "dead", why: reason(error), report };
    this.host.tell(en.program.deadWhy(reason(error), report), false);
    stage.recording?.look(en.program.moment.error);
    return true;
  }
}

const PAGE = 65536;

/** A memory that holds the bytes of a dump. */
function memoryOf(bytes: ArrayBuffer): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.byteLength / PAGE) });
  new Uint8Array(memory.buffer).set(new Uint8Array(bytes));
  return memory;
}
