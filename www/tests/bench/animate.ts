import type { Frames } from "./frames";
import type { BenchHeap } from "./heaps";

export const ANIMATIONS = ["zoom", "pan", "pan, far in", "choose", "look again, map alone", "look again"] as const;
export type Animation = (typeof ANIMATIONS)[number];

export interface Asked {
  readonly animation: Animation;
  readonly frames: number;
  readonly marks: BenchHeap["marks"];
  readonly granules: number;
}

/** The state that the map is told to show. */
interface Shown {
  readonly snapshot: object;
  readonly inked: object;
}

/** In the page: acts once a frame, in a task of its own as input comes, and takes the times. */
export async function animate({ animation, frames, marks, granules }: Asked): Promise<Frames> {
  const inspector = document.querySelector("heap-inspector")!;
  const map = inspector.shadowRoot!.querySelector<HTMLElement & Shown>("heap-map")!;
  const field = map.shadowRoot!.querySelector<HTMLElement>(".field-of-view")!;
  const memory = (inspector as unknown as { bench: WebAssembly.Memory }).bench;
  const key = (name: string): void => { field.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })); };
  const wheel = (by: number, more: WheelEventInit): void => {
    const { left, top, width, height } = field.getBoundingClientRect();
    const at = { clientX: left + width * 0.37, clientY: top + height * 0.61 };
    field.dispatchEvent(new WheelEvent("wheel", { deltaY: by, cancelable: true, bubbles: true, ...at, ...more }));
  };
  let seed = 1;
  const next = (below: number): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % below;
  // As a program would: sixteen places where blocks are freed and allocated.
  const change = (): void => {
    const table = new Uint8Array(memory.buffer, marks.at, granules / marks.granulesPerByte);
    for (let place = 0; place < 16; place++) {
      const from = 64 + next(granules / marks.granulesPerByte - granules / 32);
      for (let i = 0; i < 8; i++) {
        const byte = table[from + i]!;
        if (marks.granulesPerByte === 4) table[from + i] = byte ^ 0b10;
        else if (byte !== 0) table[from + i] = byte ^ 0b0100_0000;
      }
    }
  };
  const rest = (): Promise<unknown> => new Promise((done) => setTimeout(done, 300));

  key("0");
  const seen: Shown[] = [];
  if (animation === "look again, map alone") {
    for (let i = 0; i < 12; i++) {
      change();
      inspector.refresh("look");
      await rest();
      seen.push({ snapshot: map.snapshot, inked: map.inked });
    }
  }
  const steps = animation === "pan" ? 4 : animation === "pan, far in" ? 10 : 0;
  for (let i = 0; i < steps; i++) {
    wheel(-1, { ctrlKey: true });
    await rest();
  }
  const acts: Record<Animation, (i: number) => void> = {
    zoom: (i) => { wheel(i % 24 < 12 ? -1 : 1, { ctrlKey: true }); },
    pan: (i) => { wheel(i % 150 < 75 ? 1 : -1, { shiftKey: true }); },
    "pan, far in": (i) => { wheel(i % 150 < 75 ? 1 : -1, { shiftKey: true }); },
    choose: () => { key("ArrowDown"); },
    "look again, map alone": (i) => { Object.assign(map, seen[i % seen.length]); },
    "look again": () => {
      change();
      inspector.refresh("look");
    },
  };
  const act = acts[animation];
  await rest();

  const frame: number[] = [];
  const script: number[] = [];
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((done) => {
    let last = 0;
    let count = 0;
    let began = 0;
    let spent = 0;
    port2.onmessage = async () => {
      // The first of the next frame's callbacks, then whatever the act asks for, then the last.
      requestAnimationFrame(first);
      const from = performance.now();
      act(count++);
      // Elements in elements update in microtasks of microtasks.
      for (let tick = 0; tick < 100; tick++) await Promise.resolve();
      spent = performance.now() - from;
      requestAnimationFrame(() => { script.push(spent + performance.now() - began); });
    };
    const first = (time: number): void => {
      if (last !== 0) frame.push(time - last);
      last = time;
      began = performance.now();
      if (count <= frames) port1.postMessage(null);
      else done();
    };
    requestAnimationFrame(first);
  });
  port1.close();
  return { frame, script };
}
