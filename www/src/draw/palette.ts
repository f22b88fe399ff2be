import { COLOURINGS, FIRST, INKS, type Colouring } from "../model/inks";
import { State, STATES } from "../model/snapshot";

/**
 * Colours and textures of the states, resolved from the style sheet once a theme. A texture is a
 * second colour in a small tile: live is plain, free dotted, free and waiting striped, the allocator's own hatched, what is
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
  readonly font: string;
  /** Text on a block of each state. */
  readonly on: readonly string[];
  /** The inks of the map, by colouring; the texture is one that `marked` knows. */
  readonly inks: Readonly<Record<Colouring, readonly Ink[]>>;
}

export interface Ink {
  readonly plain: Rgb;
  readonly mark: Rgb;
  readonly texture: number;
}

/** Textures of steps, from none to lines close together; those of the states come before them. */
const STEP = 12;
const HATCHED = State.Meta;
const DOTTED = State.Free;

/** Colour, mark and texture of the inks that are not states'. */
const STEPS: Record<Colouring, readonly (readonly [string, string, number])[]> = {
  state: [],
  size: [1, 2, 3, 4, 5, 6, 7].map((i) => [`--size-${i}`, "--size-mark", STEP + i - 1]),
  age: [1, 2, 3, 4, 5].map((i) => [`--age-${i}`, "--age-mark", STEP + i - 1]),
  change: [
    ["--kept", "--kept-mark", DOTTED],
    ["--came", "--came", State.Live],
    ["--gone", "--gone-mark", HATCHED],
  ],
};

const PLAIN: Record<State, string> = {
  [State.Live]: "--live",
  [State.Free]: "--free",
  [State.Meta]: "--meta",
  [State.Gap]: "--paper",
  [State.Fresh]: "--fresh",
  [State.Unknown]: "--unknown",
  [State.Slab]: "--slab",
  [State.Waiting]: "--free",
  [State.Data]: "--unknown",
  [State.Unused]: "--paper",
  [State.Stack]: "--unknown",
  [State.Static]: "--unknown",
};
const MARK: Record<State, string> = {
  [State.Live]: "--live",
  [State.Free]: "--free-mark",
  [State.Meta]: "--meta-mark",
  [State.Gap]: "--gap",
  [State.Fresh]: "--fresh",
  [State.Unknown]: "--unknown-mark",
  [State.Slab]: "--slab-mark",
  [State.Waiting]: "--waiting-mark",
  [State.Data]: "--meta-mark",
  [State.Unused]: "--gap",
  [State.Stack]: "--unknown-mark",
  [State.Static]: "--unknown-mark",
};
const ON: Record<State, string> = {
  [State.Live]: "--on-live",
  [State.Free]: "--on-free",
  [State.Meta]: "--on-meta",
  [State.Gap]: "--ink-2",
  [State.Fresh]: "--on-free",
  [State.Unknown]: "--ink",
  [State.Slab]: "--ink",
  [State.Waiting]: "--on-free",
  [State.Data]: "--ink",
  [State.Unused]: "--ink-2",
  [State.Stack]: "--ink",
  [State.Static]: "--ink",
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
  const plain = each(PLAIN).map(parse);
  const mark = each(MARK).map(parse);
  const states = plain.map((color, state): Ink => ({ plain: color, mark: mark[state]!, texture: state }));
  const ink = ([color, over, texture]: readonly [string, string, number]): Ink => ({
    plain: parse(text(color)),
    mark: parse(text(over)),
    texture,
  });
  const inks = Object.fromEntries(
    COLOURINGS.map((name) => [name, [...states.slice(0, FIRST), ...STEPS[name].map(ink)].slice(0, INKS)]),
  ) as Record<Colouring, Ink[]>;
  const palette: Palette = {
    plain,
    mark,
    inks,
    on: each(ON),
    paper: parse(text("--paper")),
    ink: text("--ink"),
    ink2: text("--ink-2"),
    line: text("--line"),
    accent: text("--accent"),
    font: getComputedStyle(host).getPropertyValue("--sans"),
  };
  probe.remove();
  return palette;
}

function parse(color: string): Rgb {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/** Returns true if a texture has its mark at a place, in CSS pixels from a common origin. */
export function marked(texture: number, x: number, y: number): boolean {
  switch (texture) {
    case State.Free:
      return x % 6 === 2 && y % 6 === 3;
    case State.Meta:
      return (x + y) % 4 === 0;
    case State.Unknown:
      return (x % 4 < 2) !== (y % 4 < 2);
    case State.Slab:
      return x % 6 === 2;
    case State.Waiting:
      return (x + 12 - (y % 12)) % 6 === 0;
    case State.Data:
      return (x + y) % 6 === 0 && x % 2 === 0;
    case State.Stack:
      return y % 6 === 2;
    case State.Static:
      return x % 4 === 1 && y % 4 === 1;
    case State.Unused:
      return x % 12 === 3 && y % 12 === 3;
    case STEP + 1:
      return x % 12 === 5 && y % 6 === 2;
    case STEP + 2:
      return x % 6 === 2 && y % 4 === 2;
    case STEP + 3:
      return x % 3 === 1 && y % 4 === 2;
    case STEP + 4:
      return y % 6 === 2;
    case STEP + 5:
      return y % 4 === 2;
    case STEP + 6:
      return y % 3 === 1;
    default:
      return false;
  }
}

/** The sides of a texture's tile, in CSS pixels: a multiple of all periods in `marked`. */
export const TILE = 12;
