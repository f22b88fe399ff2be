import { State, type Blocks } from "./snapshot";

/**
 * The larger blocks that stand split, as the blocks at hand imply them: visits, for each block,
 * the parents that were not seen before, from small to large, then the block itself. A parent
 * counts only where no hole (memory of somebody else) is in it: it never was a block otherwise.
 */
export function eachBlock(
  units: Blocks,
  heap: { readonly start: number; readonly end: number; readonly base: number; readonly top: number },
  range: { readonly from: number; readonly to: number },
  visit: (address: number, size: number, index: number) => void,
): void {
  const holes: number[] = [];
  for (let i = 0; i < units.count; i++) if (units.state[i] === State.Gap) holes.push(i);
  let hole = 0;
  const done: number[] = []; // by order of the size: end of the last parent visited
  for (let i = Math.max(0, units.lowerBound(range.from)); i < units.count; i++) {
    const address = units.address[i]!;
    if (address >= range.to) break;
    if (units.state[i] === State.Gap) continue;
    while (hole < holes.length && holes[hole]! < i) hole++;
    const left = hole > 0 ? units.end(holes[hole - 1]!) : heap.start;
    const right = hole < holes.length ? units.address[holes[hole]!]! : heap.end;
    const size = units.size[i]!;
    for (let above = size * 2, order = 32 - Math.clz32(size); above <= heap.top; above *= 2, order++) {
      const parent = heap.base + Math.floor((address - heap.base) / above) * above;
      if ((done[order] ?? -1) > parent) break;
      if (parent < left || parent + above > right) break;
      done[order] = parent + above;
      visit(parent, above, -1);
    }
    visit(address, size, i);
  }
}

/** Size of the largest block, or of a granule if there is none. */
export function largestBlock(units: Blocks, granule: number): number {
  let largest = granule;
  for (let i = 0; i < units.count; i++) {
    if (units.state[i] !== State.Gap) largest = Math.max(largest, units.size[i]!);
  }
  return largest;
}
