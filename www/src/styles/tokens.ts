import { css } from "lit";

/**
 * The colours and sizes of the page and of `<heap-inspector>` where it stands alone. Blue, ochre
 * and greys stay apart for every kind of colour blindness; textures (draw/palette.ts) say the
 * same a second time.
 */
export const tokens = css`
  :host {
    --paper: light-dark(#f5f7f5, #111715);
    --sheet: light-dark(#ffffff, #171e1b);
    --ink: light-dark(#16201b, #e6ece8);
    --ink-2: light-dark(#434f48, #aab8b0);
    --line: light-dark(#d3dad5, #2c3733);
    --line-2: light-dark(#8a978f, #64736b);
    --accent: light-dark(#165539, #6cc59a);
    --on-accent: light-dark(#ffffff, #0d1411);
    --wash: light-dark(#e7eeea, #1e2824);
    --alarm: light-dark(#8f2016, #ff9a8b);

    --live: light-dark(#1f5f8b, #4f9dd3);
    --live-2: light-dark(#174a6d, #8cc6ea);
    --on-live: light-dark(#ffffff, #0c1a24);
    --free: light-dark(#d6e0d9, #26312c);
    --free-mark: light-dark(#869a8e, #5f7268);
    --waiting-mark: light-dark(#6d8477, #7d948a);
    --on-free: light-dark(#2d3a33, #c9d5ce);
    --fresh: light-dark(#e6ece8, #1c2521);
    --meta: light-dark(#d48a1c, #c98a2b);
    --meta-mark: light-dark(#8f5a08, #f3c06f);
    --on-meta: light-dark(#221500, #140d00);
    --gap: light-dark(#b5beb8, #4a5650);
    --unknown: light-dark(#b9c0c9, #4c535c);
    --unknown-mark: light-dark(#7c8591, #868f9b);
    --slab: light-dark(#9dc0d8, #2f5f80);
    --slab-mark: light-dark(#1f5f8b, #8cc6ea);

    --size-1: light-dark(#b9d6e8, #2a4f69);
    --size-2: light-dark(#93bfdc, #356787);
    --size-3: light-dark(#6aa3cb, #4280a6);
    --size-4: light-dark(#4385b4, #5799c3);
    --size-5: light-dark(#276796, #7cb4d9);
    --size-6: light-dark(#174c73, #a8d0ea);
    --size-7: light-dark(#0b2c48, #daeefb);
    --size-mark: light-dark(#f5f7f5, #111715);
    --age-1: light-dark(#4a1d78, #d9bdf5);
    --age-2: light-dark(#6f43a3, #b18fdc);
    --age-3: light-dark(#9470c0, #8a68b8);
    --age-4: light-dark(#b79fd6, #664a8d);
    --age-5: light-dark(#d9cde8, #453263);
    --age-mark: light-dark(#f5f7f5, #111715);
    --came: light-dark(#1f5f8b, #4f9dd3);
    --gone: light-dark(#c4551a, #e88a4f);
    --gone-mark: light-dark(#f5f7f5, #111715);
    --kept: light-dark(#c3ccc6, #36423c);
    --kept-mark: light-dark(#8a978f, #64736b);

    --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "Liberation Mono", Menlo, Consolas, monospace;
    --sans: -apple-system, "Segoe UI", "Adwaita Sans", Cantarell, Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", system-ui, sans-serif;
    --radius: 3px;
  }

  @media (forced-colors: active) {
    :host {
      --paper: Canvas;
      --sheet: Canvas;
      --ink: CanvasText;
      --ink-2: CanvasText;
      --line: CanvasText;
      --line-2: CanvasText;
      --accent: LinkText;
      --on-accent: Canvas;
      --wash: Canvas;
      --alarm: CanvasText;
      --live: CanvasText;
      --live-2: CanvasText;
      --on-live: Canvas;
      --free: Canvas;
      --free-mark: GrayText;
      --waiting-mark: GrayText;
      --on-free: CanvasText;
      --fresh: Canvas;
      --meta: Canvas;
      --meta-mark: CanvasText;
      --on-meta: CanvasText;
      --gap: GrayText;
      --unknown: Canvas;
      --unknown-mark: GrayText;
      --slab: Canvas;
      --slab-mark: CanvasText;
      --size-1: Canvas;
      --size-2: Canvas;
      --size-3: Canvas;
      --size-4: Canvas;
      --size-5: Canvas;
      --size-6: Canvas;
      --size-7: CanvasText;
      --size-mark: CanvasText;
      --age-1: CanvasText;
      --age-2: Canvas;
      --age-3: Canvas;
      --age-4: Canvas;
      --age-5: Canvas;
      --age-mark: CanvasText;
      --came: CanvasText;
      --gone: Canvas;
      --gone-mark: CanvasText;
      --kept: Canvas;
      --kept-mark: GrayText;
    }
  }
`;
