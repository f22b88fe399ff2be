import type { Damage } from "../model/decode/damage";
import type { Picture } from "../model/picture";

/** The talk between a page and its workers: a worker says hello with a port, and answers through it. */

/** A message with this key is ours, and no one else hears of it. */
export const HELLO = "bonsai-heap-inspector";

export interface Hello {
  /** The address of the worker's script, with a port; without one, the script has been loaded. */
  readonly [HELLO]: string;
}

export const isHello = (data: unknown): data is Hello => typeof data === "object" && data !== null && typeof (data as Partial<Hello>)[HELLO] === "string";

/** A module as its realm knows it. */
export interface Described {
  /** Counts the modules of the realm, from 1. */
  readonly id: number;
  /** The address of it, or of the script that compiled it; "" if nobody knows. */
  readonly from: string;
  readonly size: number | null;
  /** Address of the heap's descriptor; null where the module exports none. */
  readonly descriptor: number | null;
  readonly state: RecordState;
}

/** `none`: it was compiled while nobody asked for a recording. `unknown`: no allocator was found in it. `wide`: its memory is of 64 bits. */
export type RecordState = "none" | "unknown" | "wide" | "recorded";

/** A heap at one moment, packed; null where none was found. */
export type Look = { readonly picture: Picture } | { readonly damage: Damage } | null;

export type FromWorker =
  /** `memory` is there where it is shared and the engine lets it go. */
  | { readonly is: "module"; readonly module: Described; readonly memory: WebAssembly.Memory | null }
  | { readonly is: "look"; readonly id: number; readonly look: Look }
  /** Operations of a recorded module, and the stacks of sites that are new. */
  | { readonly is: "records"; readonly id: number; readonly words: Uint32Array; readonly sites: readonly string[][] }
  /** A worker of the worker; its port comes along. */
  | { readonly is: "worker"; readonly script: string; readonly name: string };

export type ToWorker =
  | { readonly is: "look"; readonly id: number }
  | { readonly is: "drain"; readonly id: number }
  | { readonly is: "start"; readonly id: number; readonly rate: number }
  | { readonly is: "stop"; readonly id: number }
  /** From now on modules are rewritten before they are compiled; 0 for no call sites. */
  | { readonly is: "record"; readonly rate: number }
  | { readonly is: "remove" };
