import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { coreFigure, spanOf, stripFigure, type SandboxFigure } from "../model/sandbox-layout";
import { readCore, writeCore } from "../model/scenario";
import { joinHash, writeScenario } from "../model/share";
import { changed, operationsOf, type Ground, type Lane, type Moment, type Scene, type Tour } from "../model/tour";
import { base } from "../styles/base";
import { en } from "../text/tours";
import { bytes, integer } from "../text/format";
import { blocksTable } from "./sandbox-table";
import "./sandbox-figure";

/** The blocks of a tour's step: as they are, and once the step is shown, before and after it. */
export class TourStage extends LitElement {
  static override properties = {
    tour: { attribute: false },
    step: { attribute: false },
    moments: { attribute: false },
    told: { attribute: false },
    side: { state: true },
    width: { state: true },
  };
  declare tour: Tour;
  declare step: number;
  /** Of the step, one a lane. */
  declare moments: readonly Moment[];
  /** True if the effect of the step may be seen. */
  declare told: boolean;
  declare private side: "before" | "after";
  declare private width: number;

  private readonly resize = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.side = "after";
    this.told = false;
    this.moments = [];
    this.step = 0;
    this.width = 600;
  }

  static override styles = [
    base,
    css`
      .stage {
        display: grid;
        gap: 1.5rem;
        align-content: start;
        min-width: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.5rem 1rem;
        min-height: 2.25rem;
      }
      h3 {
        margin-bottom: 0.5rem;
        font-size: 0.9375rem;
        font-weight: 600;
      }
      .choice label {
        min-height: 2rem;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 1.75rem;
        margin-top: 0.6rem;
      }
      dt {
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      dd {
        font-weight: 550;
      }
      .foot {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 1.5rem;
        margin-top: 0.4rem;
      }
      a {
        color: var(--accent);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override willUpdate(now: PropertyValues<this>): void {
    if (now.has("step") || now.has("told")) this.side = "after";
  }

  protected override firstUpdated(): void {
    this.resize.observe(this.renderRoot.querySelector(".stage")!);
  }

  override render(): TemplateResult {
    const lanes = this.tour.lanes
      .map((lane, i) => ({ lane, i, moment: this.moments[i]! }))
      .filter(({ lane }) => this.step >= lane.from);
    return html`<div class="stage">
      <div class="head small quiet">
        <span>${this.key()} ${this.told ? en.tours.changed : nothing}</span>
        ${this.told ? this.sides() : nothing}
      </div>
      ${lanes.map(({ lane, i, moment }) => this.lane(lane, i, moment))}
    </div>`;
  }

  /** The meaning of the textures. */
  private key(): string {
    const { ground } = this.tour.lanes.at(-1)!;
    if (ground.kind !== "heap") return en.sandbox.key[ground.kind];
    return ground.shown === undefined ? en.tours.heapKey : en.tours.shownKey(bytes(ground.shown));
  }

  private sides(): TemplateResult {
    return html`<fieldset class="choice">
      <legend class="unseen">${en.tours.moment}</legend>
      ${(["before", "after"] as const).map(
        (side) => html`<label>
          <input type="radio" name="side" value=${side} .checked=${side === this.side} @change=${() => { this.side = side; }} />
          ${en.tours[side]}
        </label>`,
      )}
    </fieldset>`;
  }

  private lane(lane: Lane, index: number, moment: Moment): TemplateResult {
    const after = this.told && this.side === "after";
    const scene = after ? moment.after : moment.before;
    const name = en.tours.all[this.tour.id]!.lanes[lane.id]!;
    return html`<section aria-label=${name}>
      <h3>${name}</h3>
      <sandbox-figure
        passive
        .name=${en.tours.figureLabel(name)}
        .figure=${this.figure(lane.ground, moment, scene)}
        .exact=${lane.ground.kind !== "heap"}
        .requested=${scene.requested}
        .marked=${after ? changed(moment) : new Set()}
        .motion=${after ? "split" : "none"}
      ></sandbox-figure>
      ${this.numbers(lane.ground, moment)}
      <div class="foot">
        <details class="data">
          <summary>${en.heap.table}</summary>
          ${blocksTable(scene.blocks, scene.requested)}
        </details>
        ${this.told ? this.sandbox(lane.ground, index) : nothing}
      </div>
    </section>`;
  }

  private figure(ground: Ground, { before, after }: Moment, scene: Scene): SandboxFigure {
    const width = Math.max(200, this.width);
    if (ground.kind === "heap") {
      const { shown } = ground;
      if (shown !== undefined) return stripFigure(scene.blocks, width, 64, { span: shown, shown, pins: 9 });
      const span = Math.max(...this.moments.map((moment) => Math.max(spanOf(moment.before.blocks), spanOf(moment.after.blocks))));
      return stripFigure(scene.blocks, width, 64, { span, pins: 9 });
    }
    // As high as before and after need, so that nothing jumps between them.
    const [one, other] = [before, after].map(({ blocks }) => coreFigure(ground, blocks, width, 30));
    const figure = scene === before ? one! : other!;
    const bottom = Math.max(...[...one!.tiles, ...other!.tiles].map(({ y, height }) => y + height));
    return { ...figure, height: bottom };
  }

  private numbers(ground: Ground, { before, after }: Moment): TemplateResult {
    const names = en.tours.figures;
    const write = ground.kind === "heap" && ground.shown === undefined ? bytes : integer;
    const waits = ground.kind === "heap" && ground.heap === "heap";
    const rows: [string, (scene: Scene) => string][] = [
      [names.live, ({ live }) => write(live)],
      [names.free, ({ free }) => write(free)],
      ...(waits ? [[names.waiting, ({ waiting }: Scene) => write(waiting)] as [string, (scene: Scene) => string]] : []),
      [names.largest, ({ largestFree }) => write(largestFree)],
      ground.kind === "heap"
        ? [names.committed, ({ committed }) => write(committed)]
        : [names.wasted, ({ live, asked }) => write(live - asked)],
    ];
    return html`<dl>
      ${rows.map(
        ([name, of]) => html`<div>
          <dt>${name}</dt>
          <dd>${this.told ? en.tours.change(of(before), of(after)) : of(before)}</dd>
        </div>`,
      )}
    </dl>`;
  }

  /** A link to the same blocks in the sandbox, where it can make them. */
  private sandbox(ground: Ground, lane: number): TemplateResult | typeof nothing {
    const href = sandboxOf(this.tour, ground, lane, this.step);
    return href === null ? nothing : html`<a class="small" href=${href}>${en.tours.sandbox}</a>`;
  }
}

/** The place in the sandbox with the blocks of a step; null where the sandbox cannot make them. */
export function sandboxOf(tour: Tour, ground: Ground, lane: number, step: number): string | null {
  if (ground.kind === "heap" || readCore(writeCore(ground)) === null) return null;
  const operations = operationsOf(tour, lane, step);
  return joinHash("sandbox", writeScenario({ core: ground, operations, at: operations.length }));
}

customElements.define("tour-stage", TourStage);
