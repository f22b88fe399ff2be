import { bytes, plural } from "./format";

/** Texts of the script tag: the button in somebody's page, and the panel. */
export const text = {
  dock: {
    open: (modules: number): string => `Heap inspector: ${plural(modules, "module", "modules")}`,
    short: "Heap",
    failed: (why: string): string => `The heap inspector could not be loaded: ${why}`,
  },
  module: (file: string, worker: string): string => `${file === "" ? "module" : file}${worker === "" ? "" : ` in ${worker}`}`,
  again: (name: string, count: number): string => `${name} (${count})`,
  panel: {
    label: "Heap inspector",
    height: "Height of the panel",
    choose: "Module",
    about: (size: number | null): string => (size === null ? "" : bytes(size)),
    none: "No module with a memory yet.",
    noneMore: "Modules are seen from when this script ran. One that was instantiated before it is not seen, unless the page keeps it in a global variable.",
    busy: "Its worker is busy: the heap is read when it answers.",
    look: "Look now",
    follow: "Follow",
    close: "Close",
    remove: "Remove",
    removeAbout: "Takes the inspector out of this page, and gives WebAssembly back as it was",
    blocked: "A Content-Security-Policy of this page does not let workers start from blob: addresses, so that one could not start. Add worker-src blob:, or data-workers=\"off\" to the script tag, and load the script in the worker itself.",
  },
} as const;
