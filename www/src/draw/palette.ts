import { State, STATES } from "../model/snapshot";

/**
 * Colours and textures of the states, resolved from the style sheet once a theme. A texture is a
 * second colour in a small tile: live is plain, free dotted, the allocator's own hatched, what is
 * not tracked checked. So the states differ without colour too.
 */
export type Rgb = readonly [number, number, number];

export interface Palette {
  /** Plain colour by state. */
  readonly plain: readonly Rgb[];
  readonly mark: readonly Rgb[];
  readonly paper: Rgb;
  readonly ink: string;
  readonly ink2: string;
  readonly line: string;
  readonly accent: string;
  /** Text on a block of each state. */
  readonly on: readonly string[];
}

const PLAIN: Record<State, string> = {
  [State.Live]: "--live",
  [State.Free]: "--free",
  [State.Meta]: "--meta",
  [State.Gap]: "--paper",
  [State.Fresh]: "--fresh",
  [State.Unknown]: "--unknown",
  [State.Slab]: "--slab",
};
const MARK: Record<State, string> = {
  [State.Live]: "--live",
  [State.Free]: "--free-mark",
  [State.Meta]: "--meta-mark",
  [State.Gap]: "--gap",
  [State.Fresh]: "--fresh",
  [State.Unknown]: "--unknown-mark",
  [State.Slab]: "--slab-mark",
};
const ON: Record<State, string> = {
  [State.Live]: "--on-live",
  [State.Free]: "--on-free",
  [State.Meta]: "--on-meta",
  [State.Gap]: "--ink-2",
  [State.Fresh]: "--on-free",
  [State.Unknown]: "--ink",
  [State.Slab]: "--ink",
};

/** Reads the colours that the style sheet gives an element. */
export function resolvePalette(host: HTMLElement): Palette {
  const root = host.shadowRoot ?? host;
  const probe = document.createElement("span");
  probe.style.display = "none";
  root.append(probe);
  const text = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const each = (names: Record<State, string>): string[] =>
    Array.from({ length: STATES }, (_, state) => text(names[state as State]));
  const palette: Palette = {
    plain: each(PLAIN).map(parse),
    mark: each(MARK).map(parse),
    on: each(ON),
    paper: parse(text("--paper")),
    ink: text("--ink"),
    ink2: text("--ink-2"),
    line: text("--line"),
    accent: text("--accent"),
  };
  probe.remove();
  return palette;
}

function parse(color: string): Rgb {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/** Whether a texture has its mark at a place, in CSS pixels from a common origin. */
export function marked(state: number, x: number, y: number): boolean {
  switch (state) {
    case State.Free:
      return x % 6 === 2 && y % 6 === 3;
    case State.Meta:
      return (x + y) % 4 === 0;
    case State.Unknown:
      return (x % 4 < 2) !== (y % 4 < 2);
    case State.Slab:
      return x % 6 === 2;
    default:
      return false;
  }
}

/** The sides of a texture's tile, in CSS pixels: a multiple of all periods in `marked`. */
export const TILE = 12;
