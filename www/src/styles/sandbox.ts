import { css } from "lit";

/** The sandbox: its controls beside its stage, where there is room. */
export const sandbox = css`
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
    gap: 1.1rem;
    align-content: start;
    min-width: 0;
  }
  .lead {
    color: var(--ink-2);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: 0.6rem 0.75rem;
  }
  .row.split-controls {
    border-top: 1px solid var(--line);
    padding-top: 1.1rem;
  }
  input[type="number"] {
    width: 6.5rem;
  }
  .about {
    width: 100%;
    margin-top: 0.35rem;
  }
  .place {
    align-self: center;
  }
`;
