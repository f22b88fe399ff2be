import { html, nothing, type TemplateResult } from "lit";
import { ALIGNS, BLOCK_SIZES, COUNTS, REGIONS, SMALLEST, type Core } from "../model/scenario";
import { en } from "../text/sandbox";
import { bytes, integer } from "../text/format";

/** The core of each kind that the sandbox begins with. */
export const CORES = {
  buddy: { kind: "buddy", region: 4096, smallest: 64 },
  slab: { kind: "slab", blockSize: 48, count: 64 },
  bump: { kind: "bump", region: 4096 },
} as const satisfies Record<Core["kind"], Core>;
const KINDS = ["buddy", "slab", "bump"] as const;
/** Milliseconds from one operation to the next. */
export const SPEEDS = { slow: 1100, brisk: 350, fast: 60 } as const;
export type Speed = keyof typeof SPEEDS;

/** The fields of the sandbox. */
export interface Fields {
  readonly size: number;
  readonly align: number;
  readonly speed: Speed;
  readonly seed: number;
}

/** The controls of the sandbox; they take its styles. */
export interface SandboxControls extends Fields {
  readonly core: Core;
  /** There is an allocator to use. */
  readonly usable: boolean;
  /** The number of operations that are done, and of all that can be done again. */
  readonly at: number;
  readonly operations: number;
  /** Chance does the operations. */
  readonly running: boolean;
  readonly choose: (core: Core) => void;
  readonly set: (fields: Partial<Fields>) => void;
  readonly allocate: () => void;
  readonly reset: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly toggle: () => void;
  readonly step: () => void;
}

const value = (event: Event): string => (event.target as HTMLSelectElement).value;

function seedOf(event: Event): number {
  const seed = (event.target as HTMLInputElement).valueAsNumber;
  return Number.isInteger(seed) && seed >= 0 ? seed : 1;
}

export function sandboxControls(bar: SandboxControls): TemplateResult {
  const { core } = bar;
  return html`
    <aside>
      <p class="lead">${en.sandbox.lead}</p>
      <fieldset class="choice">
        <legend>${en.sandbox.allocator}</legend>
        ${KINDS.map(
          (kind) => html`<label>
            <input
              type="radio"
              name="kind"
              value=${kind}
              .checked=${kind === core.kind}
              @change=${() => { bar.choose(CORES[kind]); }}
            />
            ${en.sandbox.allocators[kind].name}
          </label>`,
        )}
        <p class="about quiet small">${en.sandbox.allocators[core.kind].about}</p>
      </fieldset>
      <div class="row">
        ${core.kind === "slab"
          ? html`${pick(bar, en.sandbox.blockSize, BLOCK_SIZES, core.blockSize, (blockSize) => ({ ...core, blockSize }), bytes)}
            ${pick(bar, en.sandbox.blocks, COUNTS, core.count, (count) => ({ ...core, count }), integer)}`
          : pick(bar, en.sandbox.region, REGIONS, core.region, (region) => ({ ...core, region }), bytes)}
        ${core.kind === "buddy"
          ? pick(bar, en.sandbox.smallest, SMALLEST, core.smallest, (smallest) => ({ ...core, smallest }), bytes)
          : nothing}
      </div>
      <form class="row split-controls" @submit=${(event: SubmitEvent) => { event.preventDefault(); bar.allocate(); }}>
        <label class="field">
          <span>${en.sandbox.size}</span>
          <input
            id="size"
            type="number"
            min="1"
            max="65536"
            step="1"
            required
            .value=${String(bar.size)}
            @input=${(event: Event) => { bar.set({ size: (event.target as HTMLInputElement).valueAsNumber }); }}
          />
        </label>
        <label class="field">
          <span>${en.sandbox.align}</span>
          <select @change=${(event: Event) => { bar.set({ align: Number(value(event)) }); }}>
            ${ALIGNS.map((align) => html`<option value=${align} .selected=${align === bar.align}>${align}</option>`)}
          </select>
        </label>
        <button class="primary" ?disabled=${!bar.usable}>${en.sandbox.allocate}</button>
        <button type="button" ?disabled=${!bar.usable} @click=${() => { bar.reset(); }}>${en.sandbox.reset}</button>
      </form>
      <div class="row" role="group" aria-label=${en.sandbox.history}>
        <button ?disabled=${bar.at === 0} title=${en.sandbox.keys} @click=${() => { bar.undo(); }}>${en.sandbox.undo}</button>
        <button
          ?disabled=${bar.at === bar.operations}
          title=${en.sandbox.keys}
          @click=${() => { bar.redo(); }}
        >
          ${en.sandbox.redo}
        </button>
        <span class="quiet small place">${en.sandbox.place(bar.at, bar.operations)}</span>
      </div>
      <div class="row split-controls" role="group" aria-label=${en.sandbox.workload}>
        <span class="quiet small" style="width:100%">${en.sandbox.workload}</span>
        <button ?disabled=${!bar.usable} aria-pressed=${bar.running} @click=${() => { bar.toggle(); }}>
          ${bar.running ? en.sandbox.pause : en.sandbox.play}
        </button>
        <button ?disabled=${!bar.usable || bar.running} @click=${() => { bar.step(); }}>${en.sandbox.step}</button>
        <label class="field">
          <span>${en.sandbox.speed}</span>
          <select @change=${(event: Event) => { bar.set({ speed: value(event) as Speed }); }}>
            ${(Object.keys(SPEEDS) as Speed[]).map(
              (speed) => html`<option value=${speed} .selected=${speed === bar.speed}>${en.sandbox.speeds[speed]}</option>`,
            )}
          </select>
        </label>
        <label class="field">
          <span>${en.sandbox.seed}</span>
          <input type="number" style="width:4.5rem" min="0" max="999999" .value=${String(bar.seed)} @change=${(event: Event) => { bar.set({ seed: seedOf(event) }); }} />
        </label>
      </div>
    </aside>
  `;
}

/** A choice among sizes; another size means another allocator. */
const pick = (
  { choose }: SandboxControls,
  label: string,
  values: readonly number[],
  chosen: number,
  core: (value: number) => Core,
  write: (value: number) => string,
): TemplateResult => html`<label class="field">
  <span>${label}</span>
  <select @change=${(event: Event) => { choose(core(Number(value(event)))); }}>
    ${values.map((each) => html`<option value=${each} .selected=${each === chosen}>${write(each)}</option>`)}
  </select>
</label>`;
