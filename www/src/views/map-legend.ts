import { html, type TemplateResult } from "lit";
import type { MapColours } from "../draw/map";
import { paintSample } from "../draw/map-canvases";
import { steps, type Colouring } from "../model/inks";
import { State, type Snapshot } from "../model/snapshot";
import { inspector as en } from "../text/inspector";
import { stateName } from "./names";

/** The states in the order of a legend. */
const ORDER = [State.Live, State.Free, State.Waiting, State.Fresh, State.Meta, State.Gap, State.Unknown, State.Static, State.Stack, State.Data, State.Unused] as const;

/** The states that a legend of a heap has: those of its blocks, and of live and free blocks in any case. O(blocks). */
export function statesOf({ blocks, kind }: Snapshot): ReadonlySet<State> {
  const { state, count } = blocks;
  let seen = 1 << State.Free;
  if (kind !== "tiny") seen |= 1 << State.Live;
  for (let i = 0; i < count; i++) seen |= 1 << state[i]!;
  return new Set(ORDER.filter((each) => (seen & (1 << each)) !== 0));
}

/** Lists what the inks of a map stand for; `paintLegend` fills its samples. */
export function legend(colouring: Colouring, states: ReadonlySet<State>): TemplateResult {
  const live = steps(colouring).map(({ ink, value }) => ({ ink, name: en.map.step[colouring](value) }));
  const others = colouring === "change" ? [] : ORDER.filter((state) => states.has(state) && (state !== State.Live || colouring === "state"));
  const entries = [...live, ...others.map((state) => ({ ink: state, name: stateName(state) }))];
  return html`<ul class="legend">
    ${entries.map(({ ink, name }) => html`<li><canvas data-ink=${ink}></canvas>${name}</li>`)}
  </ul>`;
}

/** Paints the samples of a legend. `painted` says which ones have been before; returns what it is to be next time. */
export function paintLegend(root: ParentNode, colours: MapColours, painted: string): string {
  const canvases = [...root.querySelectorAll<HTMLCanvasElement>(".legend canvas")];
  const inks = canvases.map(({ dataset }) => Number(dataset["ink"]));
  if (inks.join() !== painted) canvases.forEach((canvas, i) => { paintSample(canvas, inks[i]!, colours); });
  return inks.join();
}
