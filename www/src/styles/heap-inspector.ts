import { css } from "lit";

/** The inspector: lines, status, strip, and the map beside the panels; on a narrow screen the panels are below, or a sheet. */
export const heapInspector = css`
  :host {
    container-type: inline-size;
    background: var(--paper);
    /* Alone on somebody's page it keeps off the edge, and scrolls where it is given a height. */
    box-sizing: border-box;
    padding: var(--around, 1rem);
    overflow: var(--beyond, auto);
  }
  .work {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto auto minmax(0, 1fr);
    height: 100%;
    min-height: 0;
  }
  .lines {
    min-width: 0;
  }
  .panes {
    display: grid;
    grid-row: 4;
    grid-template-columns: minmax(0, 1fr) 1px minmax(0, min(var(--panels), 60%));
    gap: 0 0.8rem;
    min-height: 0;
    border-top: 1px solid var(--line);
  }
  heap-status {
    grid-row: 2;
  }
  heap-timeline {
    grid-row: 3;
    min-height: 88px;
  }
  .map {
    min-width: 0;
    min-height: 0;
  }
  /* A window that is full has no place below for more of the map. */
  :host([workspace]) .map {
    --least: 4rem;
  }
  .line {
    background: var(--line);
  }
  .panels {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  tab-strip {
    flex: none;
    min-height: 2rem;
    border-bottom: 1px solid var(--line);
  }
  .panel {
    flex: 1;
    min-height: 0;
    padding: 0.6rem 0.25rem 0.6rem 0;
    overflow: auto;
    container-type: inline-size;
  }
  .panel:focus-visible {
    outline-offset: -2px;
  }
  .panel > * + * {
    margin-top: 1.25rem;
  }
  .found {
    padding: 0.2rem 0;
  }
  .note {
    margin: 0.4rem 0;
  }
  /* In a page that scrolls, a long panel does not make the map as long. */
  :host(:not([workspace])) .panel {
    max-height: 36rem;
  }
  :host([compact]) .panes {
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr) auto;
  }
  :host([compact]) pane-splitter,
  :host([compact]) .line {
    display: none;
  }
  :host([compact]) .panel {
    max-height: 12rem;
  }
  @container (max-width: 48rem) {
    :host(:not([compact])) .work {
      height: auto;
    }
    :host(:not([compact])) .panes {
      grid-template-columns: minmax(0, 1fr);
    }
    pane-splitter,
    .line {
      display: none;
    }
    :host(:not([compact])) .map {
      --least: 20rem;
      min-height: 23.75rem;
    }
    .panels {
      margin-top: 0.5rem;
      background: var(--paper);
    }
    :host([workspace]:not([compact])) .panels[data-open] {
      position: sticky;
      z-index: 4;
      bottom: 0;
      max-height: 45vh;
      margin-inline: -0.75rem;
      padding-inline: 0.75rem;
      border-top: 1px solid var(--line-2);
      box-shadow: 0 -2px 10px rgb(0 0 0 / 0.12);
    }
  }
`;
