import { random } from "../../src/model/random";
import { ALIGNS, BLOCK_SIZES, COUNTS, REGIONS, SMALLEST, type Core, type Operation } from "../../src/model/scenario";

/** Cores and operations by chance, all of which the sandbox offers. */
export function anyCore(next: () => number): Core {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const kind = pick(["buddy", "slab", "bump"] as const);
  switch (kind) {
    case "buddy":
      return { kind, region: pick(REGIONS), smallest: pick(SMALLEST) };
    case "slab":
      return { kind, blockSize: pick(BLOCK_SIZES), count: pick(COUNTS) };
    case "bump":
      return { kind, region: pick(REGIONS) };
  }
}

export function anyOperations(seed: number, count: number, largest = 2000): Operation[] {
  const next = random(seed);
  const out: number[] = [];
  let allocations = 0;
  return Array.from({ length: count }, (): Operation => {
    const chance = next();
    if (chance < 0.02) {
      out.length = 0;
      return { do: "reset" };
    }
    if (chance < 0.45 && out.length > 0) {
      const [block = 0] = out.splice(Math.floor(next() * out.length), 1);
      return { do: "free", block };
    }
    out.push(allocations++);
    const align = next() < 0.7 ? 8 : ALIGNS[Math.floor(next() * ALIGNS.length)]!;
    return { do: "allocate", size: 1 + Math.floor(next() ** 3 * largest), align };
  });
}
