import { css } from "lit";

/** Bars in the cells of a table: the drawing and its data are one. */
export const bars = css`
  td.bar {
    width: 50%;
    min-width: clamp(3rem, 15cqi, 6rem);
    padding-right: 0.6rem;
  }
  .track {
    display: flex;
    height: 0.9rem;
  }
  .track.left {
    justify-content: flex-end;
  }
  .track i {
    display: block;
    min-width: 1px;
    background: var(--live);
  }
  .track .waste {
    background: repeating-linear-gradient(45deg, var(--meta) 0 2px, var(--paper) 2px 4px);
    outline: 1px solid var(--meta);
    outline-offset: -1px;
  }
  .track .came {
    background: var(--came);
  }
  .track .gone {
    background: repeating-linear-gradient(45deg, var(--gone) 0 3px, var(--paper) 3px 4px);
  }
  .track .unusable {
    background: repeating-linear-gradient(45deg, var(--free-mark) 0 2px, var(--free) 2px 4px);
  }
  @media (forced-colors: active) {
    .track i {
      forced-color-adjust: none;
    }
  }
`;
