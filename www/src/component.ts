import type { HeapInspector as Declared } from "../component/heap-inspector";
import { HeapInspector as Element } from "./views/heap-inspector";

/**
 * The entry point of the npm package: `npm run build:component` makes it. Its types are written by
 * hand, so that who uses it needs none of Lit's; this line holds them against the element.
 */
export const HeapInspector: typeof Declared = Element;
