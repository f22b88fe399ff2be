import { addressAt, scroll, type MapWindow } from "../model/map-layout";

/** A notch of a wheel, in pixels: mice give 100 or 120. */
const NOTCH = 60;
/** Fingers this much further apart, or closer, are a step of zoom. */
const PINCH = 1.35;

/** A map, as pointers act on it. */
export interface Pointed {
  /** The element that shows the rows. */
  readonly field: HTMLElement;
  /** The wheel zooms by itself, and not only with Ctrl. */
  readonly wheels: boolean;
  /** From the top of a row to that of the next, in CSS pixels. */
  readonly pitch: number;
  readonly window: MapWindow;
  /** The window that was asked for last; `null` is the whole. */
  readonly aim: MapWindow | null;
  readonly whole: MapWindow;
  centre(): number;
  zoomBy(steps: number, around: number): void;
  look(view: MapWindow | null): void;
  /** A position was clicked or tapped. */
  press(position: number): void;
  /** The pointer is over a position. */
  hover(position: number, event: PointerEvent): void;
  leave(): void;
}

/** Wheels, drags and fingers on a map: they zoom at the pointer, pan, choose and point out. */
export class MapPointer {
  private pinch = 0;
  /** The position that a zoom holds, while the pointer stays where it is. */
  private held: { readonly x: number; readonly y: number; readonly position: number } | null = null;
  /** The sum of wheels and pinches on a touchpad, in pixels. */
  private turned = 0;
  /** The start of a drag, and the window then. */
  private grip: { readonly y: number; readonly view: MapWindow; moved: boolean } | null = null;
  private readonly touches = new Map<number, PointerEvent>();

  constructor(private readonly map: Pointed) {}

  readonly wheel = (event: WheelEvent): void => {
    const { map } = this;
    if (event.shiftKey) {
      if (map.aim === null) return;
      event.preventDefault();
      map.look(scroll(map.aim, map.whole, Math.sign(event.deltaY || event.deltaX) * 2));
    } else if (map.wheels || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.turn(event);
    }
  };

  readonly down = (event: PointerEvent): void => {
    const { map } = this;
    this.touches.set(event.pointerId, event);
    this.pinch = this.spread();
    this.held = null;
    if (this.touches.size > 1) this.grip = null;
    else if (event.button === 0) this.grip = { y: event.clientY, view: map.aim ?? map.whole, moved: false };
  };

  readonly move = (event: PointerEvent): void => {
    const { map } = this;
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, event);
    if (this.touches.size === 2) {
      const spread = this.spread();
      if (spread > this.pinch * PINCH || spread < this.pinch / PINCH) {
        this.held ??= { x: 0, y: 0, position: this.between() };
        map.zoomBy(spread > this.pinch ? -1 : 1, this.held.position);
        this.pinch = spread;
      }
      return;
    }
    if (this.grip !== null && event.buttons !== 0) this.pan(event);
    map.hover(this.under(event), event);
  };

  readonly end = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    const { grip } = this;
    this.grip = null;
    if (grip?.moved === false && event.type === "pointerup") this.map.press(this.under(event));
  };

  readonly leave = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    this.map.leave();
  };

  /** The position under the pointer. */
  private under(event: MouseEvent): number {
    return this.at(event.clientX, event.clientY);
  }

  private at(x: number, y: number): number {
    const { window, pitch, field } = this.map;
    const box = field.getBoundingClientRect();
    const row = Math.min(window.rows - 1, Math.max(0, Math.floor((y - box.top) / pitch)));
    return addressAt(window, row, (x - box.left) / box.width);
  }

  /** Zooms by a step for each notch of a wheel; a pinch on a touchpad comes in many small events. */
  private turn(event: WheelEvent): void {
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 33;
    if (Math.sign(pixels) !== Math.sign(this.turned)) this.turned = 0;
    this.turned += pixels;
    if (Math.abs(this.turned) < NOTCH) return;
    this.map.zoomBy(Math.sign(this.turned), this.hold(event));
    this.turned = 0;
  }

  /** The position that was under the pointer when it came to rest there: rows move under it as they zoom. */
  private hold(event: MouseEvent): number {
    const { clientX: x, clientY: y } = event;
    if (this.held === null || Math.hypot(this.held.x - x, this.held.y - y) > 3) this.held = { x, y, position: this.under(event) };
    return this.held.position;
  }

  /** Pans by whole rows. */
  private pan(event: PointerEvent): void {
    const { grip, map } = this;
    if (grip === null) return;
    const rows = Math.round((grip.y - event.clientY) / map.pitch);
    if (rows === 0 && !grip.moved) return;
    grip.moved = true;
    if (map.aim === null) return;
    map.field.setPointerCapture(event.pointerId);
    map.look(scroll({ ...grip.view, rows: map.aim.rows }, map.whole, rows));
  }

  /** The position in the middle of two fingers. */
  private between(): number {
    const [a, b] = [...this.touches.values()];
    if (a === undefined || b === undefined) return this.map.centre();
    return this.at((a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
  }

  private spread(): number {
    const [a, b] = [...this.touches.values()];
    return a === undefined || b === undefined ? 0 : Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }
}
