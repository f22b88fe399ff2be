import { css } from "lit";

/** The legend of a map: what its inks stand for. */
export const mapLegend = css`
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1rem;
    max-height: 4.1rem;
    overflow: hidden;
    font-size: 0.75rem;
    color: var(--ink-2);
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 0.35rem;
    white-space: nowrap;
  }
  .legend canvas {
    width: 22px;
    height: 11px;
  }
`;

/** The address map: a bar with the legend and the tools, the overview, and rows beside their addresses. */
export const heapMap = css`
  :host {
    height: 100%;
    min-height: 0;
  }
  .plate {
    --gutter: 5.6rem;
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
  }
  :host([bare]) .bar,
  :host([bare]) .overview {
    display: none;
  }
  .bar {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.25rem 1rem;
    min-height: 2rem;
    overflow: hidden;
  }
  .tools {
    display: flex;
    flex: none;
    gap: 0.2rem;
    align-items: center;
  }
  .by {
    display: flex;
    align-items: center;
    gap: 0.35rem;
    margin-right: 0.4rem;
    font-size: 0.75rem;
    color: var(--ink-2);
    white-space: nowrap;
  }
  .by select {
    min-height: 1.65rem;
    padding: 0 0.3rem;
    color: var(--ink);
  }
  .tools button {
    min-height: 1.65rem;
    min-width: 1.8rem;
    padding: 0 0.45rem;
    font-size: 0.75rem;
  }
  .tools button[aria-pressed="true"] {
    background: var(--wash);
    border-color: var(--accent);
  }
  .tools button[aria-disabled="true"] {
    color: var(--ink-2);
    border-style: dashed;
    background: transparent;
    cursor: default;
  }
  .overview {
    position: relative;
    flex: none;
    height: 8px;
    margin: 3px 0 6px var(--gutter);
    cursor: pointer;
  }
  .overview canvas {
    width: 100%;
    height: 8px;
  }
  .lens {
    position: absolute;
    inset-block: -3px;
    min-width: 5px;
    border: 2px solid var(--ink);
    border-radius: 2px;
    pointer-events: none;
  }
  .rows {
    display: grid;
    flex: 1;
    grid-template-columns: var(--gutter) minmax(0, 1fr);
    min-height: 0;
  }
  .gutter {
    position: relative;
    overflow: hidden;
    font: 0.6875rem/1 var(--mono);
    color: var(--ink-2);
  }
  .gutter span {
    position: absolute;
    left: 0;
    line-height: 13px;
  }
  .field-of-view {
    position: relative;
    min-height: var(--least, 20rem);
    overflow: clip;
    cursor: crosshair;
    touch-action: pan-y;
  }
  .field-of-view[data-zoomed] {
    cursor: grab;
    touch-action: none;
  }
  .field-of-view:focus-visible {
    outline-offset: 0;
  }
  /* Memory with no change in it: rows of a faint colour, as high and as far apart as the map's. */
  .field-of-view[data-by="change"] .ground {
    background: repeating-linear-gradient(var(--fresh) 0 calc(var(--pitch) - 3px), transparent calc(var(--pitch) - 3px) var(--pitch));
  }
  .field-of-view canvas {
    position: absolute;
    inset: 0 auto auto 0;
    width: 100%;
    height: var(--tall);
  }
  .tip {
    position: absolute;
    z-index: 3;
    max-width: min(22rem, 100%);
    padding: 0.15rem 0.5rem;
    border: 1px solid var(--line-2);
    border-radius: var(--radius);
    background: var(--sheet);
    font-size: 0.75rem;
    pointer-events: none;
    white-space: nowrap;
  }
  .table {
    flex: 1;
    min-height: var(--least, 20rem);
    overflow: auto;
  }
  @container (max-width: 34rem) {
    .plate {
      --gutter: 0rem;
    }
    .rows {
      grid-template-columns: minmax(0, 1fr);
    }
    .gutter {
      display: none;
    }
    .bar {
      flex-direction: column-reverse;
      align-items: start;
    }
    .tools {
      flex: 0 1 auto;
      flex-wrap: wrap;
    }
    .tools button {
      min-height: 2.2rem;
      min-width: 2.4rem;
    }
  }
`;
