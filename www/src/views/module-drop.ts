import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { Callables, listening, loadGlue, show, startAlone } from "../dropped";
import { Lines, readCall } from "../model/call-line";
import { isTrap, NotBuilt, reason, sampleModule, type HeapExports } from "../modules";
import { reportOf } from "../model/report";
import { NoStandIn } from "../model/stand-ins";
import {
  checkGlue,
  checkHeader,
  MOST_BYTES,
  readArguments,
  signatures,
  wantsGlue,
} from "../model/wasm-file";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import "./heap-inspector";
import type { HeapInspector } from "./heap-inspector";
import "./trace-view";
import type { TraceView } from "./trace-view";

interface Running {
  readonly name: string;
  readonly size: number;
  readonly glue: string | null;
  readonly memory: WebAssembly.Memory | null;
  /** Imports that this page stands in for, as `module.name`. */
  readonly imports: readonly string[];
  readonly callables: Callables;
  /** Why its allocator stopped it, if it did. */
  readonly report: () => string | null;
  /** Starts it again, from the same bytes. */
  readonly again: () => Promise<void>;
}

type Said = { readonly ok: boolean; readonly text: string } | null;

/** A file that was read, or why it was not. */
interface Bytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Why something could not be done, in a sentence for the page. */
class Refused extends Error {}

/** A place to drop any wasm module: it is started, its functions can be called, and its heap is shown. */
export class ModuleDrop extends LitElement {
  static override properties = {
    busy: { state: true },
    refused: { state: true },
    detail: { state: true },
    running: { state: true },
    typed: { state: true },
    times: { state: true },
    said: { state: true },
  };
  /** What is being done, or "". */
  declare private busy: string;
  declare private refused: string;
  /** More on a refusal: names of imports. */
  declare private detail: readonly string[];
  declare private running: Running | null;
  /** The line to call. */
  declare private typed: string;
  declare private times: number;
  declare private said: Said;

  private readonly lines = new Lines();

  /** A module was shown: from then on a trace, which outlives its module, may be kept. */
  private traced = false;
  /** A module that waits for its glue. */
  private waiting: Bytes | null = null;
  private turn = 0;

  constructor() {
    super();
    this.busy = "";
    this.refused = "";
    this.detail = [];
    this.running = null;
    this.typed = "";
    this.times = 1;
    this.said = null;
  }

  static override styles = [
    tokens,
    base,
    css`
      .split {
        display: grid;
        gap: 2rem clamp(2rem, 3.5vw, 4rem);
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 64rem) {
        .split {
          grid-template-columns: minmax(19rem, 24rem) minmax(0, 1fr);
        }
      }
      aside,
      .stage {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.1rem;
        align-content: start;
        min-width: 0;
      }
      .lead {
        color: var(--ink-2);
      }
      .zone {
        display: grid;
        justify-items: start;
        gap: 0.6rem;
        padding: 1.1rem;
        border: 2px dashed var(--line-2);
        border-radius: var(--radius);
        background: var(--sheet);
      }
      .zone .button:has(input:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      .zone input {
        position: absolute;
        width: 1px;
        height: 1px;
        opacity: 0;
      }
      .samples {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.15rem 0.25rem;
      }
      .samples span {
        width: 100%;
      }
      .samples button:first-of-type {
        margin-left: -0.5rem;
      }
      form {
        display: grid;
        gap: 0.7rem;
        padding-top: 1.1rem;
        border-top: 1px solid var(--line);
      }
      form select,
      form input {
        width: 100%;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem;
      }
      .times {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
        font-size: 0.8125rem;
      }
      form .times input {
        width: 6rem;
      }
      .said {
        font: 0.8125rem/1.45 var(--mono);
        overflow-wrap: anywhere;
        max-height: 9rem;
        overflow: auto;
      }
      h2 {
        overflow-wrap: anywhere;
      }
      .names {
        margin-top: 0.4rem;
        max-height: 9rem;
        overflow: auto;
        font: 0.8125rem/1.5 var(--mono);
        overflow-wrap: anywhere;
      }
      pre {
        margin: 0.4rem 0 0;
        padding: 0.6rem 0.7rem;
        overflow: auto;
        border: 1px solid var(--line);
        background: var(--sheet);
        font: 0.8125rem/1.5 var(--mono);
      }
      .how > * + * {
        margin-top: 0.7rem;
      }
    `,
  ];

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.inspector?.recolor();
  }

  private get inspector(): HeapInspector | null {
    return this.renderRoot.querySelector<HeapInspector>("heap-inspector");
  }

  private get tracer(): TraceView | null {
    return this.renderRoot.querySelector<TraceView>("trace-view");
  }

  // What is dropped

  /** Takes files; whoever comes later overtakes. */
  async take(files: readonly File[]): Promise<void> {
    const turn = ++this.turn;
    const stale = (): boolean => turn !== this.turn;
    this.refused = "";
    this.detail = [];
    this.busy = en.module.reading(files.map(({ name }) => name).join(", "));
    try {
      await this.begin(files, stale);
    } catch (error) {
      if (stale()) return;
      // What was shown stays: a wrong file costs nothing.
      this.refused = error instanceof Refused ? error.message : en.module.failed(reason(error));
    }
    if (!stale()) this.busy = "";
  }

  private async begin(files: readonly File[], stale: () => boolean): Promise<void> {
    const scripts = files.filter(({ name }) => /\.m?js$/i.test(name));
    const others = files.filter((file) => !scripts.includes(file) && !/\.(ts|map|json|md|html)$/i.test(file.name));
    if (scripts.length > 1) throw new Refused(en.module.severalScripts);
    if (others.length > 1) throw new Refused(en.module.severalModules);
    const wasm = others[0] === undefined ? this.waiting : await read(others[0]);
    if (wasm === null) throw new Refused(scripts.length > 0 ? en.module.scriptAlone : en.module.noModule);
    const fault = checkHeader(wasm.bytes);
    if (fault !== null) throw new Refused(en.module.fault(wasm.name, fault));

    let module: WebAssembly.Module;
    try {
      module = await WebAssembly.compile(wasm.bytes);
    } catch (error) {
      throw new Refused(en.module.broken(wasm.name, reason(error)));
    }
    if (stale()) return;
    this.waiting = wasm;
    const script = scripts[0] === undefined ? null : { name: scripts[0].name, text: await scripts[0].text() };
    if (script !== null) {
      const glueFault = checkGlue(script.text);
      if (glueFault !== null) throw new Refused(en.module.glueFault(script.name, glueFault));
      await this.start(wasm, module, script, stale);
      return;
    }
    const wants = wantsGlue(WebAssembly.Module.imports(module));
    if (wants !== null) {
      this.detail = wants;
      throw new Refused(en.module.wantsGlue(wasm.name, wants.length));
    }
    await this.start(wasm, module, null, stale);
  }

  private async start(
    { name, bytes }: Bytes,
    module: WebAssembly.Module,
    glue: { readonly name: string; readonly text: string } | null,
    stale: () => boolean,
  ): Promise<void> {
    let exports: Record<string, unknown>;
    let callables: Callables;
    try {
      if (glue === null) {
        exports = await startAlone(bytes, module);
        const known = signatures(bytes);
        callables = new Callables(exports, (each) => known.get(each) ?? null);
      } else {
        const loaded = await loadGlue(glue.text, module);
        exports = loaded.exports;
        const own = Object.entries(loaded.glue).filter(([each]) => each !== "default" && each !== "initSync");
        callables = new Callables(Object.fromEntries(own), () => null);
      }
    } catch (error) {
      if (error instanceof NoStandIn) throw new Refused(en.module.noStandIn(name, error.message));
      throw new Refused(glue === null ? en.module.stopped(name, reason(error)) : en.module.glueFailed(glue.name, reason(error)));
    }
    if (stale()) return;
    const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory) ?? null;
    const global = (key: string): WebAssembly.Global | undefined =>
      exports[key] instanceof WebAssembly.Global ? exports[key] : undefined;
    const heap = global("BONSAI_HEAP");
    this.waiting = null;
    this.typed = "";
    this.said = null;
    this.running = {
      name,
      size: bytes.length,
      glue: glue?.name ?? null,
      memory,
      imports: glue === null ? WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`) : [],
      callables,
      report: () => reportOf({ ...exports, memory }),
      again: () => this.start({ name, bytes }, module, glue, stale),
    };
    if (memory === null) {
      this.tracer?.detach();
      return;
    }
    this.traced = true;
    this.busy = "";
    await this.updateComplete;
    const { inspector } = this;
    if (inspector === null) return;
    const heapExports: HeapExports = { memory, BONSAI_HEAP: heap, BONSAI_TRACE: global("BONSAI_TRACE") };
    inspector.attach(heapExports);
    this.tracer?.attach(heapExports, name.replace(/(_bg)?\.wasm$/i, ""), inspector);
    this.tracer?.look(en.module.moment.start);
  }

  private async again(): Promise<void> {
    const { running } = this;
    if (running === null) return;
    try {
      await running.again();
    } catch (error) {
      this.said = { ok: false, text: reason(error) };
    }
  }

  private async sample(kind: "bare" | "glue"): Promise<void> {
    try {
      await this.take(await sampleModule(kind));
    } catch (error) {
      this.refused = error instanceof NotBuilt ? en.module.missing : en.module.failed(reason(error));
    }
  }

  private call(): void {
    const { running } = this;
    if (running === null) return;
    const all = running.callables.list();
    const line = readCall(this.typed, all.map(({ name }) => name));
    const target = all.find(({ name }) => name === line?.name);
    if (line === null || target === undefined) {
      this.said = { ok: false, text: en.module.unknownCall(this.typed.trim()) };
      return;
    }
    const given = readArguments(line.given, target.signature);
    if (!given.ok) {
      this.said = { ok: false, text: en.module.argumentFault(given.why, given.number, target.signature?.params ?? []) };
      return;
    }
    this.lines.add(this.typed);
    const heard: string[] = [];
    try {
      const result = listening(() => {
        let last: unknown;
        for (let i = 0; i < this.times; i++) last = target.call(...given.values);
        return last;
      }, heard);
      const kept = running.callables.keep(result);
      this.said = { ok: true, text: kept === null ? en.module.returned(target.name, show(result)) : en.module.kept(target.name, kept) };
    } catch (error) {
      const text = isTrap(error)
        ? en.module.trapped(target.name, [reason(error), ...heard].join(". "), running.report())
        : en.module.threw(target.name, reason(error));
      this.said = { ok: false, text };
    }
    this.tracer?.look(en.module.moment.call(target.name, this.times));
  }

  // What is shown

  override render(): TemplateResult {
    return html`
      <div class="split">
        <aside aria-label=${en.module.title}>
          <p class="lead">${en.module.lead}</p>
          <div class="zone">
            <label class="button">
              <input type="file" multiple accept=".wasm,.js,.mjs,application/wasm,text/javascript" @change=${this.onFile} />
              ${en.module.open}
            </label>
            <p class="small quiet">${en.module.drop}</p>
          </div>
          <div class="samples small">
            <span class="quiet">${en.module.samples}</span>
            ${(["bare", "glue"] as const).map(
              (kind) => html`<button class="plain" @click=${() => { void this.sample(kind); }}>${en.module.sample[kind]}</button>`,
            )}
          </div>
          <p class="small quiet">${en.module.trust}</p>
          ${this.running === null ? nothing : this.form(this.running)}
        </aside>
        <section class="stage" aria-label=${en.heap.label}>
          ${this.busy === "" ? nothing : html`<p class="quiet" role="status">${this.busy}</p>`}
          ${this.refused === "" ? nothing : this.refusal()}
          ${this.running === null ? (this.refused === "" && this.busy === "" ? how() : nothing) : this.shown(this.running)}
          ${this.traced ? html`<trace-view ?hidden=${(this.running?.memory ?? null) === null}></trace-view>` : nothing}
        </section>
      </div>
    `;
  }

  private refusal(): TemplateResult {
    return html`<div class="note error" role="alert">
      <p>${this.refused}</p>
      ${
        this.detail.length === 0
          ? nothing
          : html`<p class="names" tabindex="0" role="region" aria-label=${en.module.importNames}>${this.detail.join(", ")}</p>`
      }
    </div>`;
  }

  private shown(running: Running): TemplateResult {
    return html`
      <h2>${en.module.running(running.name, running.size, running.glue)}</h2>
      ${running.imports.length === 0
        ? nothing
        : html`<details class="small">
            <summary>${en.module.standIns(running.imports.length)}</summary>
            <p class="names" tabindex="0" role="region" aria-label=${en.module.importNames}>${running.imports.join(", ")}</p>
          </details>`}
      ${running.memory === null ? html`<p class="note error" role="alert">${en.module.noMemory}</p>` : html`<heap-inspector></heap-inspector>`}
    `;
  }

  private form({ callables }: Running): TemplateResult {
    const all = callables.list();
    const line = readCall(this.typed, all.map(({ name }) => name));
    const target = all.find(({ name }) => name === line?.name);
    return html`<form @submit=${this.onCall}>
      ${all.length === 0
        ? html`<p class="small quiet">${en.module.noFunctions}</p>`
        : html`<label class="field">
              <span>${en.module.functions(all.length)}</span>
              <input
                type="text"
                list="names"
                spellcheck="false"
                autocapitalize="off"
                autocomplete="off"
                placeholder=${en.module.example(all[0]!.name)}
                .value=${this.typed}
                @input=${(event: Event) => { this.typed = (event.target as HTMLInputElement).value; }}
                @keydown=${this.onLineKey}
              />
            </label>
            <datalist id="names">
              ${all.map(({ name, signature }) => html`<option value=${`${name}(`}>${en.module.signature(name, signature)}</option>`)}
            </datalist>
            <p class="small quiet">
              ${target === undefined ? en.module.hint : target.signature === null ? en.module.json : en.module.numbers(target.signature.params)}
            </p>`}
      <div class="row">
        ${all.length === 0
          ? nothing
          : html`<button class="primary">${en.module.call}</button>
              <label class="times">${en.module.times}
                <input type="number" min="1" max="1000000" .value=${String(this.times)} @change=${this.onTimes} />
              </label>`}
        <button type="button" @click=${() => { this.tracer?.look(en.module.moment.read); }}>${en.module.read}</button>
        <button type="button" @click=${() => { void this.again(); }}>${en.module.again}</button>
      </div>
      <div role="status">
        ${this.said === null ? nothing : html`<p class="said ${this.said.ok ? "" : "note error"}">${this.said.text}</p>`}
      </div>
    </form>`;
  }

  private readonly onTimes = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.times = Math.min(1_000_000, Math.max(1, Math.floor(Number(input.value)) || 1));
    input.value = String(this.times);
  };

  /** Up and down walk the lines that were called. */
  private readonly onLineKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const line = this.lines.step(event.key === "ArrowUp" ? -1 : 1);
    if (line === null) return;
    event.preventDefault();
    this.typed = line;
  };

  private readonly onCall = (event: SubmitEvent): void => {
    event.preventDefault();
    this.call();
  };

  private readonly onFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    if (files.length > 0) void this.take(files);
    // The same file can be opened again after it was built anew.
    input.value = "";
  };
}

/** How a module of one's own is made to be seen. */
const how = (): TemplateResult => html`<div class="how">
  <h2>${en.module.how.title}</h2>
  <p class="quiet">${en.module.how.rust}</p>
  <pre tabindex="0">${en.module.how.rustCode}</pre>
  <p class="quiet">${en.module.how.page}</p>
  <pre tabindex="0">${en.module.how.pageCode}</pre>
</div>`;

async function read(file: File): Promise<Bytes> {
  if (file.size > MOST_BYTES) {
    throw new Refused(en.module.fault(file.name, { why: "large", size: file.size, most: MOST_BYTES }));
  }
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    throw new Refused(en.module.unreadable(file.name, reason(error)));
  }
}

customElements.define("module-drop", ModuleDrop);
