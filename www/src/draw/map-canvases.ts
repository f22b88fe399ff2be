import { INKS, type Inked } from "../model/inks";
import { coverage, segments, windowEnd, type Coverage, type MapWindow } from "../model/map-layout";
import { State } from "../model/snapshot";
import { bytes } from "../text/format";
import { MapPainter, type MapColours, type RowSize } from "./map";
import type { Palette } from "./palette";

/** The gap from a row to the next, in CSS pixels. */
const GAP = 3;
/** From the top of a row to that of the next, in CSS pixels: at least, and at most where there is room. */
export const PITCH = { least: 16, most: 40 } as const;

/** A block this wide has its size written on it, in CSS pixels. */
const LABELLED = 58;
/** A block this wide has a line where it begins. */
const EDGED = 4;

/** All that the map's canvases show. */
export interface MapScene {
  readonly inked: Inked;
  readonly view: MapWindow;
  /** From the top of a row to that of the next, in CSS pixels. */
  readonly pitch: number;
  /** The whole heap, where the window shows a part of it. */
  readonly whole: MapWindow | null;
  readonly palette: Palette;
  readonly colours: MapColours;
  /** Blocks have their size written on them. */
  readonly labelled: boolean;
}

/** The state that a canvas was painted from; another state is painted again. */
interface Painted {
  readonly inked: Inked;
  readonly view: MapWindow;
  readonly width: number;
  readonly pitch: number;
  readonly scale: number;
  readonly colours: MapColours;
}

const alike = (a: Painted | null, b: Painted): boolean =>
  a?.inked === b.inked &&
  a.width === b.width &&
  a.pitch === b.pitch &&
  a.scale === b.scale &&
  a.colours === b.colours &&
  a.view.start === b.view.start &&
  a.view.bytesPerRow === b.view.bytesPerRow &&
  a.view.rows === b.view.rows;

const scaleNow = (): number => Math.min(3, Math.max(1, Math.round(devicePixelRatio)));

/** A canvas that is filled through its pixels, and only where something is another than before. */
class Ground {
  private readonly painter = new MapPainter();
  private painted: Painted | null = null;
  map: Coverage | undefined;

  /** Tells whether there was anything to paint. */
  paint(canvas: HTMLCanvasElement, { inked, colours }: MapScene, view: MapWindow, size: RowSize, edged: number): boolean {
    const scale = scaleNow();
    const now = { inked, view, width: Math.round(canvas.clientWidth * scale), pitch: size.band + size.gap, scale, colours };
    if (now.width === 0 || alike(this.painted, now)) return false;
    this.map = coverage(inked, view, now.width, edged * scale, this.map);
    this.painter.paint(canvas, this.map, colours, size, scale);
    this.painted = now;
    return true;
  }
}

/** A canvas over the ground, with what few shapes there are. */
class Shapes {
  private drawn = false;

  draw(canvas: HTMLCanvasElement, ground: HTMLCanvasElement, shapes: (context: CanvasRenderingContext2D) => boolean): void {
    const context = canvas.getContext("2d");
    if (context === null) return;
    if (canvas.width !== ground.width || canvas.height !== ground.height) {
      canvas.width = ground.width;
      canvas.height = ground.height;
    } else if (this.drawn) context.clearRect(0, 0, canvas.width, canvas.height);
    this.drawn = shapes(context);
  }
}

/** The canvases of the address map. */
export class MapCanvases {
  private readonly ground = new Ground();
  private readonly line = new Ground();
  private readonly labels = new Shapes();
  private readonly outline = new Shapes();

  constructor(private readonly host: { readonly renderRoot: ParentNode }) {}

  private canvas(name: string): HTMLCanvasElement {
    return this.host.renderRoot.querySelector<HTMLCanvasElement>(`canvas.${name}`)!;
  }

  /** Paints the ground and the overview, where they are another than they were. */
  paint(scene: MapScene): void {
    const { view, whole, pitch } = scene;
    const ground = this.canvas("ground");
    if (this.ground.paint(ground, scene, view, { band: pitch - GAP, gap: GAP }, EDGED)) {
      this.labels.draw(this.canvas("labels"), ground, (context) => scene.labelled && this.label(context, scene));
    }
    if (whole === null) return;
    const line = { start: whole.start, bytesPerRow: windowEnd(whole) - whole.start, rows: 1 };
    this.line.paint(this.canvas("all"), scene, line, { band: 12, gap: 0 }, Infinity);
  }

  /** Writes their size into blocks that are wide enough. */
  private label(context: CanvasRenderingContext2D, { inked, view, pitch, palette }: MapScene): boolean {
    const { blocks } = inked;
    const { width } = context.canvas;
    const scale = scaleNow();
    const wide = LABELLED * scale;
    const least = (wide * view.bytesPerRow) / width;
    context.font = `${10 * scale}px ${palette.font}`;
    context.textBaseline = "middle";
    let any = false;
    for (const i of this.ground.map?.wide ?? []) {
      const size = blocks.size[i]!;
      const state = blocks.state[i]!;
      if (size < least || state === State.Gap) continue;
      const at = segments(view, blocks.address[i]!, blocks.end(i)).find((part) => part.width * width >= wide);
      if (at === undefined) continue;
      const text = bytes(size);
      const x = at.x * width + 5 * scale;
      const middle = (at.row * pitch + (pitch - GAP) / 2) * scale;
      const [r, g, b] = palette.plain[state]!;
      context.fillStyle = `rgb(${r} ${g} ${b})`;
      context.fillRect(x - 3 * scale, middle - 6.5 * scale, context.measureText(text).width + 6 * scale, 13 * scale);
      context.fillStyle = palette.on[state]!;
      context.fillText(text, x, middle + 0.5 * scale);
      any = true;
    }
    return any;
  }

  /** Draws a frame around ranges of addresses. */
  frame({ view, pitch }: MapScene, frames: readonly { readonly start: number; readonly end: number; readonly color: string; readonly line: number }[]): void {
    const scale = scaleNow();
    this.outline.draw(this.canvas("outline"), this.canvas("ground"), (context) => {
      const { width } = context.canvas;
      for (const { start, end, color, line } of frames) {
        context.strokeStyle = color;
        context.lineWidth = line * scale;
        const inset = (line * scale) / 2;
        for (const part of segments(view, start, end)) {
          const wide = Math.max(3 * scale, part.width * width);
          context.strokeRect(part.x * width + inset, part.row * pitch * scale + inset, wide - 2 * inset, (pitch - GAP) * scale - 2 * inset);
        }
      }
      return frames.length > 0;
    });
  }
}

/** Paints the sample of an ink in a legend. */
export function paintSample(canvas: HTMLCanvasElement, ink: number, colours: MapColours): void {
  const width = 22;
  const share = new Float32Array(width * INKS).fill(1);
  const map = { width, rows: 1, share, inks: new Uint32Array(width).fill(1 << ink), edges: new Uint8Array(width), wide: [] };
  new MapPainter().paint(canvas, map, colours, { band: 13, gap: 0 }, 1);
}
