import { ALLOCATORS } from "../modules";
import { COLOURINGS } from "../model/inks";
import { SAMPLES } from "../model/samples";
import type { InspectNames } from "../model/share";

/** Modules of this page that are there to be tried. */
export const MODULES = ["bare", "glue", "shop"] as const;
export type OwnModule = (typeof MODULES)[number];

/** The values that the parts of a link to this room may have. */
export const NAMES: InspectNames = {
  samples: SAMPLES.map(({ id }) => id),
  modules: MODULES,
  kinds: ["json", "markdown", "text"],
  allocators: ALLOCATORS,
  panels: ["block", "sizes", "free", "sites", "structure", "moments"],
  colourings: COLOURINGS.filter((name) => name !== "change"),
  below: ["sites", "leaks", "others", "log", "export"],
};
