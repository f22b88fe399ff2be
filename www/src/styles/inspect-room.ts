import { css } from "lit";

/** The room Inspect: a bar, notes, the stages side by side, and the drawer; as high as the window. */
export const inspectRoom = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: auto auto minmax(0, 1fr) auto;
    height: 100%;
    min-height: 0;
    padding: 0 0.9rem;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.35rem 0.6rem;
    min-height: 2.9rem;
    padding: 0.35rem 0;
    border-bottom: 1px solid var(--line);
  }
  .bar label {
    display: inline-flex;
    align-items: center;
    gap: 0.35rem;
    font-size: 0.8125rem;
    color: var(--ink-2);
  }
  .bar select,
  .bar button {
    min-height: 2rem;
    font-size: 0.875rem;
    color: var(--ink);
  }
  .bar button.primary:not(:disabled) {
    color: var(--on-accent);
  }
  .bar button[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--wash);
  }
  .outcome {
    flex: 1 1 12rem;
    min-width: 0;
    overflow: hidden;
    font-size: 0.8125rem;
    color: var(--ink-2);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .outcome.bad {
    color: var(--alarm);
    white-space: normal;
  }
  .more {
    display: contents;
  }
  .fold {
    display: none;
  }
  .outcome {
    order: 1;
  }
  .record {
    order: 2;
    margin-left: auto;
  }
  .notes > * {
    margin: 0.4rem 0;
  }
  .notes .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.4rem 1rem;
    margin-top: 0.3rem;
  }
  .names {
    max-height: 6rem;
    overflow: auto;
    font: 0.8125rem/1.5 var(--mono);
    overflow-wrap: anywhere;
  }
  .floor {
    display: grid;
    grid-auto-columns: minmax(0, 1fr);
    grid-auto-flow: column;
    gap: 1.25rem;
    min-height: 0;
  }
  .floor.edit {
    grid-template-columns: minmax(16rem, 26rem) minmax(0, 1fr);
  }
  .floor > * {
    min-width: 0;
    min-height: 0;
  }
  .stage {
    display: flex;
    flex-direction: column;
  }
  .stage h2 {
    padding-top: 0.35rem;
    font-size: 0.875rem;
  }
  heap-inspector {
    flex: 1;
    min-height: 0;
  }
  source-editor {
    padding: 0.6rem 0;
  }
  .error-text {
    margin-top: 0.25rem;
    font: 0.8125rem/1.45 var(--mono);
    overflow-wrap: anywhere;
  }
  .how {
    padding: 0.8rem 1rem;
    border: 1px solid var(--line-2);
    border-radius: 6px;
    background: var(--sheet);
  }
  .how > * + * {
    margin-top: 0.5rem;
  }
  pre {
    margin: 0;
    padding: 0.5rem 0.7rem;
    overflow: auto;
    border: 1px solid var(--line);
    background: var(--paper);
    font: 0.8125rem/1.5 var(--mono);
  }
  .head {
    overflow-wrap: anywhere;
    font-size: 0.875rem;
    font-weight: 600;
  }
  summary .head {
    display: inline;
  }
  summary {
    cursor: pointer;
  }
  .about module-functions {
    padding: 0.6rem 0 0.4rem 1rem;
  }
  .course {
    padding-top: 0.8rem;
    overflow: auto;
  }
  @media (max-width: 48rem), (max-height: 34rem) {
    :host {
      height: auto;
      padding: 0 0.75rem;
    }
    .floor,
    .floor.edit {
      grid-auto-flow: row;
      grid-template-columns: minmax(0, 1fr);
    }
    .outcome {
      flex-basis: 100%;
      white-space: normal;
    }
    .record {
      margin-left: 0;
    }
    .fold {
      display: inline-flex;
    }
    .more:not([data-open]) {
      display: none;
    }
  }
`;
