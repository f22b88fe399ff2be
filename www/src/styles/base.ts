import { css } from "lit";

/** The styles that all elements share, those of the inspector among them: type, buttons, focus, tables. */
export const core = css`
  :host {
    display: block;
    color: var(--ink);
    font: 0.9375rem/1.5 var(--sans);
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ol,
  ul,
  figure {
    margin: 0;
    padding: 0;
  }
  ol,
  ul {
    list-style: none;
  }
  h2 {
    font-size: 1rem;
    font-weight: 650;
    letter-spacing: -0.005em;
  }
  .quiet {
    color: var(--ink-2);
  }
  .small {
    font-size: 0.8125rem;
  }
  .mono {
    font-family: var(--mono);
    font-size: 0.92em;
  }
  .alarm {
    color: var(--alarm);
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  button,
  select,
  input,
  textarea {
    font: inherit;
    color: inherit;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.4em;
    min-height: 2.25rem;
    padding: 0.25rem 0.85rem;
    border: 1px solid var(--line-2);
    border-radius: var(--radius);
    background: var(--sheet);
    cursor: pointer;
    white-space: nowrap;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--wash);
  }
  button:disabled {
    cursor: default;
    color: var(--ink-2);
    border-style: dashed;
    background: transparent;
    font-weight: 400;
  }
  button.plain {
    min-height: 1.75rem;
    padding: 0.1rem 0.5rem;
    border-color: transparent;
    background: transparent;
    color: var(--accent);
  }
  button.plain:hover:not(:disabled) {
    background: var(--wash);
  }
  select,
  input[type="number"],
  input[type="text"] {
    min-height: 2.25rem;
    padding: 0.2rem 0.5rem;
    border: 1px solid var(--line-2);
    border-radius: var(--radius);
    background: var(--sheet);
    max-width: 100%;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  details.data {
    margin-top: 0.5rem;
    font-size: 0.8125rem;
  }
  details.data > summary {
    width: max-content;
    padding: 0.15rem 0;
    color: var(--ink-2);
    cursor: pointer;
  }
  details.data > summary:hover {
    color: var(--ink);
  }
  .scroll {
    overflow: auto;
    max-height: 22rem;
    border-block: 1px solid var(--line);
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 0.8125rem;
  }
  th,
  td {
    padding: 0.2rem 0.9rem 0.2rem 0;
    text-align: right;
    white-space: nowrap;
    border-bottom: 1px solid var(--line);
  }
  tr:last-child > * {
    border-bottom: 0;
  }
  th {
    font-weight: 500;
    color: var(--ink-2);
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--paper);
  }
  th:first-child,
  td:first-child,
  td.word,
  th.word {
    text-align: left;
  }
  tbody th {
    color: inherit;
    font-weight: 400;
  }

  .note {
    padding: 0.6rem 0.8rem;
    border-left: 3px solid var(--line-2);
    background: var(--wash);
  }
  .note.error {
    border-left-color: var(--alarm);
  }
  .note.error strong {
    color: var(--alarm);
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      transition: none !important;
      animation: none !important;
    }
  }
`;

/** The styles that the page adds: forms. Apart, because the inspector is a package that has none. */
const forms = css`
  button.primary:not(:disabled) {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 600;
  }
  button.primary:hover:not(:disabled) {
    filter: brightness(1.08);
    background: var(--accent);
  }
  @media (forced-colors: active) {
    button.primary:not(:disabled) {
      background: ButtonText;
      border-color: ButtonText;
      color: ButtonFace;
      forced-color-adjust: none;
    }
  }
  textarea {
    display: block;
    width: 100%;
    padding: 0.6rem 0.7rem;
    border: 1px solid var(--line-2);
    border-radius: var(--radius);
    background: var(--sheet);
    font: 0.8125rem/1.5 var(--mono);
    resize: vertical;
    tab-size: 2;
  }
  /* A choice of one among few: radio buttons that look like a row of tabs. */
  .choice {
    display: flex;
    flex-wrap: wrap;
    gap: 0;
    border: 0;
    margin: 0;
    padding: 0;
    min-width: 0;
  }
  .choice legend {
    padding: 0;
    margin-bottom: 0.3rem;
    font-size: 0.8125rem;
    color: var(--ink-2);
  }
  .choice label {
    position: relative;
    display: inline-flex;
    align-items: center;
    min-height: 2.25rem;
    padding: 0 0.85rem;
    border: 1px solid var(--line-2);
    margin-left: -1px;
    background: var(--sheet);
    cursor: pointer;
  }
  .choice label:first-of-type {
    margin-left: 0;
    border-radius: var(--radius) 0 0 var(--radius);
  }
  .choice label:last-of-type {
    border-radius: 0 var(--radius) var(--radius) 0;
  }
  .choice label:hover {
    background: var(--wash);
  }
  .choice input {
    position: absolute;
    opacity: 0;
    inset: 0;
    margin: 0;
    cursor: pointer;
  }
  .choice label:has(input:checked) {
    background: var(--ink);
    border-color: var(--ink);
    color: var(--paper);
    z-index: 1;
  }
  .choice label:has(input:focus-visible) {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
    z-index: 2;
  }
  @media (forced-colors: active) {
    .choice label:has(input:checked) {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }
  }

  a {
    color: var(--accent);
  }
  a.button {
    color: var(--ink);
    text-decoration: none;
  }

  .field {
    display: flex;
    flex-direction: column;
    gap: 0.3rem;
  }
  .field > span {
    font-size: 0.8125rem;
    color: var(--ink-2);
  }
`;

/** Core and forms, for the views of the page. */
export const base = [core, forms];
