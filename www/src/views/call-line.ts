import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { Lines, readCall } from "../model/call-line";
import { readArguments } from "../model/wasm-file";
import type { Callable, Callables } from "../dropped";
import { base } from "../styles/base";
import { en } from "../text/inspect";

/** A call that was typed, ready to be made. */
export interface Typed {
  readonly target: Callable;
  readonly values: readonly unknown[];
  readonly times: number;
}

/**
 * The line in which a module's functions, classes and kept objects are called: names complete, the arrow keys bring lines
 * back. Fires `call` with a `Typed`, and `refused` with the reason why a line is none.
 */
export class CallLine extends LitElement {
  static override properties = { callables: { attribute: false }, made: { attribute: false }, typed: { state: true }, times: { state: true } };
  declare callables: Callables;
  /** Counts the objects that are kept, whose methods are new names. */
  declare made: number;
  declare private typed: string;
  declare private times: number;
  private readonly lines = new Lines();

  constructor() {
    super();
    this.made = 0;
    this.typed = "";
    this.times = 1;
  }

  static override styles = [
    base,
    css`
      :host {
        flex: 1 1 22rem;
        min-width: 0;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.4rem;
      }
      .line {
        flex: 1 1 9rem;
        min-width: 0;
      }
      .line input {
        width: 100%;
        min-height: 2rem;
        font: 0.8125rem/1.4 var(--mono);
      }
      .times {
        display: inline-flex;
        align-items: center;
        gap: 0.3rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .times input {
        width: 4.2rem;
        min-height: 2rem;
        color: var(--ink);
      }
      .hint {
        width: 100%;
        font-size: 0.75rem;
        color: var(--ink-2);
      }
      button {
        min-height: 2rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const all = this.callables.list();
    if (all.length === 0) return html`<p class="small quiet">${en.module.noFunctions}</p>`;
    const line = readCall(this.typed, all.map(({ name }) => name));
    const target = all.find(({ name }) => name === line?.name);
    return html`<form @submit=${this.onSubmit}>
      <label class="line">
        <span class="unseen">${en.module.functions(all.length)}</span>
        <input
          type="text"
          list="names"
          spellcheck="false"
          autocapitalize="off"
          autocomplete="off"
          placeholder=${en.module.example(all[0]!.name)}
          .value=${this.typed}
          @input=${(event: Event) => { this.typed = (event.target as HTMLInputElement).value; }}
          @keydown=${this.onKey}
        />
      </label>
      <datalist id="names">
        ${all.map(({ name, signature }) => html`<option value=${`${name}(`}>${en.module.signature(name, signature)}</option>`)}
      </datalist>
      <label class="times">×<span class="unseen">${en.module.times}</span>
        <input type="number" min="1" max="1000000" .value=${String(this.times)} @change=${this.onTimes} />
      </label>
      <button class="primary">${en.module.call}</button>
      ${this.typed === "" ? nothing : html`<p class="hint">${target === undefined ? en.module.hint : target.signature === null ? en.module.json : en.module.numbers(target.signature.params)}</p>`}
    </form>`;
  }

  private submit(): void {
    const all = this.callables.list();
    const line = readCall(this.typed, all.map(({ name }) => name));
    const target = all.find(({ name }) => name === line?.name);
    if (line === null || target === undefined) {
      this.refuse(en.module.unknownCall(this.typed.trim()));
      return;
    }
    const given = readArguments(line.given, target.signature);
    if (!given.ok) {
      this.refuse(en.module.argumentFault(given.why, given.number, target.signature?.params ?? []));
      return;
    }
    this.lines.add(this.typed);
    this.dispatchEvent(new CustomEvent<Typed>("call", { detail: { target, values: given.values, times: this.times } }));
  }

  private refuse(why: string): void {
    this.dispatchEvent(new CustomEvent<string>("refused", { detail: why }));
  }

  private readonly onTimes = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.times = Math.min(1_000_000, Math.max(1, Math.floor(Number(input.value)) || 1));
    input.value = String(this.times);
  };

  /** Up and down walk the lines that were called. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const line = this.lines.step(event.key === "ArrowUp" ? -1 : 1);
    if (line === null) return;
    event.preventDefault();
    this.typed = line;
  };

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.submit();
  };
}

customElements.define("call-line", CallLine);
