import type { LinkFault } from "../model/share";
import { integer } from "./format";

/** Texts of the page around its rooms. */
export const en = {
  page: {
    name: "bonsai_alloc",
    inspect: "Inspect",
    learn: "Learn",
    compare: "Compare",
    rooms: "Rooms",
    yours: "Your module…",
    yoursAbout: "any .wasm, with its glue: choose it, or drop it here",
    skip: "Skip to the room",
    loading: "Loading the room…",
    failed: (why: string): string => `This room could not be loaded: ${why}`,
    theme: { label: "Colours", auto: "Auto", light: "Light", dark: "Dark" },
    dropNow: "Drop it anywhere: any .wasm with its glue, a trace, a dump, a file to parse",
    help: "Keys",
    keys: [
      ["← →", "in the map: block before, block after; in the strip: moment before, moment after"],
      ["↑ ↓", "in the map: a row up, a row down; in the call line: lines that were called"],
      ["Shift ← →", "in the strip: select a range of moments"],
      ["+ − 0", "in the map: zoom in, zoom out, show all; so does the wheel"],
      ["Home End", "first, last"],
      ["Esc", "deselect; back to now"],
      ["Ctrl Enter", "in the editor: parse"],
    ],
    close: "Close",
  },

  share: {
    copy: "Copy link",
    copied: "The link is copied.",
    here: "Copy this link:",
    fault: (fault: LinkFault): string => faultText(fault),
  },
} as const;

function faultText(fault: LinkFault): string {
  const start = "This link could not be followed";
  switch (fault.why) {
    case "version":
      return `${start}: it is of version ${fault.found}, and this page reads version 1. Here is a fresh start instead.`;
    case "view":
      return `${start}: the page has no part named “${fault.found}”.`;
    case "long":
      return `${start}: it is longer than a link of this page can be. Here is a fresh start instead.`;
    case "part":
      return `${start}: its part “${fault.name}” reads “${fault.found}”, which this page does not know. Here is a fresh start instead.`;
    case "missing":
      return `${start}: its part “${fault.name}” is missing. Here is a fresh start instead.`;
    case "operations": {
      const where = `operation ${integer(fault.fault.number)}`;
      const what = {
        operation: `${where} cannot be read`,
        size: `${where} asks for a size that the sandbox does not offer`,
        align: `${where} asks for an alignment that the sandbox does not offer`,
        free: `${where} frees a block that is not live`,
        many: "it has more operations than the sandbox keeps",
      }[fault.fault.why];
      return `${start}: ${what}. Here is a fresh start instead.`;
    }
  }
}
