import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { resolvePalette } from "../draw/palette";
import { median, type Contender } from "../model/compare";
import type { Conclusion, FileResult, HeapThen, When } from "../model/file-compare";
import { Fold } from "../model/fold";
import { inks, type Colouring, type Inked } from "../model/inks";
import { windowEnd, zoom, type MapWindow } from "../model/map-layout";
import type { State } from "../model/snapshot";
import { base } from "../styles/base";
import { mapLegend } from "../styles/heap-map";
import { en } from "../text/compare";
import { bytes, spell } from "../text/format";
import "./heap-map";
import { mostRows, wholeMap } from "./heap-map";
import { legend, paintLegend, statesOf } from "./map-legend";
import { rove } from "./roving";

/** Colourings that need no history. */
const COLOURINGS: readonly Colouring[] = ["state", "size"];
const UNBORN = new Uint32Array();

/** A heap as its map takes it. */
interface Drawn {
  readonly of: HeapThen;
  readonly by: Colouring;
  readonly inked: Inked;
  readonly fold: Fold;
}

/** Results of several allocators on one file: figures, and maps under each other on one scale, which zoom and pan as one. */
export class CompareMaps extends LitElement {
  static override properties = {
    results: { attribute: false },
    when: { attribute: false },
    conclusion: { attribute: false },
    colouring: { state: true },
    view: { state: true },
    rows: { state: true },
    chosen: { state: true },
    theme: { state: true },
  };
  declare results: readonly FileResult[];
  declare when: When;
  declare conclusion: Conclusion | null;
  declare private colouring: Colouring;
  /** The window of all maps; `null` is the whole. */
  declare private view: MapWindow | null;
  /** The number of rows that each map has room for. */
  declare private rows: number;
  declare private chosen: { readonly who: Contender; readonly index: number } | null;
  declare private theme: number;
  private readonly drawn = new Map<Contender, Drawn>();
  private sampled = "";

  constructor() {
    super();
    this.results = [];
    this.when = "parse";
    this.conclusion = null;
    this.colouring = "state";
    this.view = null;
    this.rows = mostRows(0);
    this.chosen = null;
    this.theme = 0;
  }

  static override styles = [
    base,
    mapLegend,
    css`
      :host {
        container-type: inline-size;
      }
      .legend {
        max-height: none;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.3rem 1rem;
        min-height: 2.2rem;
      }
      .tools {
        display: flex;
        align-items: center;
        gap: 0.2rem;
        font-size: 0.75rem;
      }
      .tools label {
        display: flex;
        align-items: center;
        gap: 0.35rem;
        margin-right: 0.4rem;
        color: var(--ink-2);
      }
      .tools select,
      .tools button {
        min-height: 1.75rem;
        min-width: 1.8rem;
        padding: 0 0.45rem;
        font-size: 0.75rem;
        color: var(--ink);
      }
      .tools button[aria-disabled="true"] {
        color: var(--ink-2);
        border-style: dashed;
        background: transparent;
        cursor: default;
      }
      table {
        table-layout: fixed;
      }
      thead th {
        position: sticky;
        z-index: 2;
        top: 0;
        background: var(--paper);
      }
      .who {
        width: 10rem;
      }
      .number {
        width: 7.2rem;
      }
      .time {
        width: 7.5rem;
      }
      th.map {
        text-align: left;
      }
      td,
      tbody th {
        padding-top: 0.45rem;
        vertical-align: top;
      }
      td.map {
        /* Rows share the window, and are never less than a few rows of blocks. */
        height: max(5.4rem, calc((100dvh - var(--above, 25rem)) / var(--count)));
        padding-right: 0;
        padding-bottom: 0.2rem;
      }
      heap-map {
        --least: 4rem;
      }
      .best {
        font-weight: 700;
      }
      .best::after {
        content: " ●";
        color: var(--accent);
      }
      small {
        display: block;
        font-size: 0.75rem;
        font-weight: 400;
        color: var(--ink-2);
      }
      th small,
      td small,
      td .alarm {
        white-space: normal;
      }
      @container (max-width: 56rem) {
        table,
        tbody {
          display: block;
        }
        thead {
          position: absolute;
          display: block;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        thead tr,
        thead th {
          display: block;
          width: 1px;
          padding: 0;
          overflow: hidden;
        }
        tbody tr {
          display: grid;
          grid-template-columns: repeat(4, minmax(0, 1fr));
          gap: 0 0.5rem;
          padding: 0.5rem 0;
          border-top: 1px solid var(--line);
        }
        tbody th,
        td.map {
          grid-column: 1 / -1;
        }
        tbody th,
        tbody td {
          padding: 0.1rem 0;
          border: 0;
          text-align: left;
        }
        td.map {
          height: 8rem;
        }
        td[data-label]::before {
          content: attr(data-label);
          display: block;
          font-size: 0.75rem;
          font-weight: 400;
          color: var(--ink-2);
          white-space: normal;
        }
      }
      @container (max-width: 30rem) {
        tbody tr {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
    `,
  ];

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.theme++;
    this.sampled = "";
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("results") || changed.has("when")) this.chosen = null;
    if (changed.has("results")) this.view = null;
    if (changed.has("colouring")) this.sampled = "";
  }

  protected override updated(): void {
    const palette = resolvePalette(this);
    this.sampled = paintLegend(this.renderRoot, { inks: palette.inks[this.colouring], paper: palette.paper }, this.sampled);
  }

  private heapOf({ heap }: FileResult): HeapThen | null {
    return heap?.[this.when] ?? null;
  }

  /** The longest heap: every map begins at 0 and is as long. */
  private get reach(): readonly [number, number] {
    // Of both times, so that freeing changes no scale.
    const spans = this.results.flatMap(({ heap }) => (heap === null ? [] : [heap.parse.span, heap.clear.span]));
    return [0, Math.max(1, ...spans.map(([start, end]) => end - start))];
  }

  private get whole(): MapWindow {
    return wholeMap(this.reach, this.rows);
  }

  private draw(who: Contender, of: HeapThen): Drawn {
    const { colouring: by } = this;
    const known = this.drawn.get(who);
    if (known?.of === of && known.by === by) return known;
    const drawn = { of, by, fold: Fold.before(of.span[0]), inked: { blocks: of.snapshot.blocks, ink: inks(of.snapshot, UNBORN, 0, by) } };
    this.drawn.set(who, drawn);
    return drawn;
  }

  override render(): TemplateResult {
    const heaps = this.results.flatMap((result) => this.heapOf(result) ?? []);
    const states = new Set<State>(heaps.flatMap(({ snapshot }) => [...statesOf(snapshot)]));
    const { columns } = en.file;
    return html`
      <div class="bar">
        ${legend(this.colouring, states)}
        <div class="tools">
          <label>
            ${en.map.colour}
            <select @change=${(event: Event) => { this.colouring = (event.target as HTMLSelectElement).value as Colouring; }}>
              ${COLOURINGS.map((name) => html`<option value=${name} .selected=${name === this.colouring}>${en.map.colourings[name]}</option>`)}
            </select>
          </label>
          ${this.zooms()}
        </div>
      </div>
      <table style="--count:${Math.max(1, this.results.length)}">
        <caption class="unseen">${en.file.table}</caption>
        <thead>
          <tr>
            <th class="who" scope="col">${columns.who}</th>
            <th class="number" scope="col">${columns.grown}</th>
            <th class="number" scope="col">${columns.live}</th>
            <th class="number" scope="col">${columns.free}</th>
            <th class="time" scope="col">${columns.time}</th>
            <th class="map" scope="col">${columns.map(this.when, (this.view ?? this.whole).bytesPerRow)}</th>
          </tr>
        </thead>
        <tbody>${this.results.map((result) => this.row(result))}</tbody>
      </table>
    `;
  }

  private zooms(): TemplateResult {
    const zoomed = this.view !== null;
    const by = (steps: number) => (): void => {
      const { whole } = this;
      const view = this.view ?? whole;
      this.look(zoom(view, whole, whole.rows, steps, (view.start + windowEnd(view)) / 2));
    };
    return html`<div class="tools" role="toolbar" aria-label=${en.file.tools} @keydown=${rove}>
      <button tabindex="0" aria-label=${en.map.zoomIn} title=${en.map.zoomIn} @click=${by(-1)}>+</button>
      <button tabindex="-1" aria-label=${en.map.zoomOut} title=${en.map.zoomOut} aria-disabled=${zoomed ? "false" : "true"} @click=${() => { if (zoomed) by(1)(); }}>−</button>
      <button tabindex="-1" aria-disabled=${zoomed ? "false" : "true"} @click=${() => { this.view = null; }}>${en.map.all}</button>
    </div>`;
  }

  private look(view: MapWindow | null): void {
    this.view = view === null || view.bytesPerRow >= this.whole.bytesPerRow ? null : view;
  }

  private row(result: FileResult): TemplateResult {
    const { who, times, grown, grownInAll, parses, stopped } = result;
    const { name } = en.compare.contenders[who];
    const heap = this.heapOf(result);
    const { memory, time, free } = this.conclusion ?? {};
    const best = (ranking: { readonly best: readonly Contender[] } | undefined): string => (ranking?.best.includes(who) === true ? "best" : "");
    const { columns } = en.file;
    return html`<tr data-contender=${who}>
      <th scope="row">${name}<small>${en.compare.contenders[who].about}</small></th>
      <td data-label=${columns.grown}>
        <span class=${best(memory)}>${bytes(grownInAll)}</span>
        <small>${grown === grownInAll ? en.file.constant : en.file.first(grown, parses)}</small>
      </td>
      <td data-label=${columns.live}>${heap === null ? "—" : this.live(heap)}</td>
      <td data-label=${columns.free}>${heap === null ? "—" : html`<span class=${best(free)}>${bytes(heap.figures.largestFree)}</span>`}</td>
      <td data-label=${columns.time}>
        ${stopped !== ""
          ? html`<span class="alarm">${en.file.stopped(parses)}</span>`
          : html`<span class=${best(time)}>${spell(median(times))}</span><small>${en.file.range(Math.min(...times), Math.max(...times))}</small>`}
      </td>
      <td class="map">${heap === null ? nothing : this.map(who, name, heap)}</td>
    </tr>`;
  }

  private live({ figures, snapshot }: HeapThen): TemplateResult {
    if (!figures.tracked) return html`${en.heap.unknown}`;
    return html`${bytes(figures.live)}<small>${!figures.bounded ? en.file.used : snapshot.kind === "foreign" ? en.file.headers : en.file.overhead(figures.meta)}</small>`;
  }

  private map(who: Contender, name: string, heap: HeapThen): TemplateResult {
    const { inked, fold } = this.draw(who, heap);
    return html`<heap-map
      bare
      .label=${en.file.mapOf(name)}
      .snapshot=${heap.snapshot}
      .inked=${inked}
      .fold=${fold}
      .reach=${this.reach}
      .colouring=${this.colouring}
      .chosen=${this.chosen?.who === who ? this.chosen.index : -1}
      .view=${this.view}
      .theme=${this.theme}
      @choose=${(event: CustomEvent<number>) => { this.chosen = { who, index: event.detail }; }}
      @look=${(event: CustomEvent<MapWindow | null>) => { this.look(event.detail); }}
      @rows=${(event: CustomEvent<number>) => { this.rows = event.detail; }}
    ></heap-map>`;
  }
}

customElements.define("compare-maps", CompareMaps);
