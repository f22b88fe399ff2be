import { html, type TemplateResult } from "lit";
import { ALLOCATORS, type Allocator } from "../modules";
import { en } from "../text/inspect";

/** The controls of this page's own program; they take the room's styles. */
export interface ProgramBar {
  readonly allocator: Allocator;
  /** The allocator beside it, or "". */
  readonly beside: Allocator | "";
  /** The program can be used. */
  readonly ready: boolean;
  /** It has parsed this text. */
  readonly parsed: boolean;
  readonly editing: boolean;
  readonly unfolded: boolean;
  /** The button that unfolds the rest on a narrow screen, and the recording. */
  readonly more: TemplateResult;
  readonly record: unknown;
  readonly choose: (allocator: Allocator) => void;
  readonly put: (allocator: Allocator | "") => void;
  readonly parse: () => void;
  readonly clear: () => void;
  readonly edit: () => void;
  readonly fresh: () => void;
  /** Takes the text to the room that compares allocators. */
  readonly compare: () => void;
}

const value = (event: Event): string => (event.target as HTMLSelectElement).value;
const option = (name: Allocator, chosen: string): TemplateResult =>
  html`<option value=${name} title=${en.program.allocators[name].about} .selected=${name === chosen}>${en.program.allocators[name].name}</option>`;

export const programBar = (bar: ProgramBar): TemplateResult => html`
  <label title=${en.program.allocators[bar.allocator].about}>
    ${en.program.on}
    <select aria-label=${en.program.allocator} @change=${(event: Event) => { bar.choose(value(event) as Allocator); }}>
      ${ALLOCATORS.map((name) => option(name, bar.allocator))}
    </select>
  </label>
  <button class="primary" ?disabled=${!bar.ready} @click=${bar.parse}>${bar.parsed ? en.program.again : en.program.parse}</button>
  <button ?disabled=${!bar.ready} @click=${bar.clear}>${en.program.clear}</button>
  ${bar.more}
  <div class="more" ?data-open=${bar.unfolded}>
    <label>
      ${en.program.beside}
      <select aria-label=${en.program.second} @change=${(event: Event) => { bar.put(value(event) as Allocator | ""); }}>
        <option value="" .selected=${bar.beside === ""}>${en.program.alone}</option>
        ${ALLOCATORS.map((name) => option(name, bar.beside))}
      </select>
    </label>
    <button aria-pressed=${bar.editing ? "true" : "false"} @click=${bar.edit}>${en.program.edit}</button>
    <button title=${en.room.compareTitle} @click=${bar.compare}>${en.room.compare}</button>
    <button title=${en.program.freshAbout} @click=${bar.fresh}>${en.program.fresh}</button>
    ${bar.record}
  </div>
`;
