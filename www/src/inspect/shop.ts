/**
 * A program with a leak, to be found: `checkout` forgets a receipt of 600 bytes at each of 40 items, and `browse` asks for
 * more and gives it back. To be put behind the glue of a module with wasm-bindgen's two functions of memory.
 */
export const SHOP = `
function printReceipt() { return wasm.__wbindgen_malloc(600, 8); }
export function checkout() { for (let item = 0; item < 40; item++) printReceipt(); }
export function browse() { for (let page = 0; page < 40; page++) wasm.__wbindgen_free(wasm.__wbindgen_malloc(2000, 8), 2000, 8); }
`;

/** The functions that the lesson asks about; the first is the one that forgets. */
export const SUSPECTS = ["printReceipt", "browse", "checkout"] as const;
