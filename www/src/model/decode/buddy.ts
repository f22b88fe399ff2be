import { BuddyWord, MapByte, SlabWord } from "../../wire/heap-layout";
import { Blocks, State, type Slab } from "../snapshot";
import { fail } from "./damage";
import { MOST_AT_ONCE, NOTHING, type Descriptor, type Heap } from "./descriptor";
import { readSlab } from "./slab";

export function readBuddy(descriptor: Descriptor, slabsToo: boolean): Heap {
  const { reader, word, behind, committed, growths } = descriptor;
  const map = behind(BuddyWord.map);
  const entries = behind(BuddyWord.entries);
  const origin = behind(BuddyWord.origin);
  const shift = word(BuddyWord.granule);
  const capacity = behind(BuddyWord.capacity);
  const kind = slabsToo ? "slab" : "buddy";
  if (shift > 31) fail("order", map, shift);
  const granule = 2 ** shift;
  reader.hold(map, entries);
  reader.hold(origin, entries * granule);

  const classes: number[] = [];
  if (slabsToo) {
    const count = word(SlabWord.classes);
    const sizes = word(SlabWord.sizes);
    reader.hold(sizes, 4 * count);
    for (let i = 0; i < count; i++) {
      const size = reader.word(sizes + 4 * i);
      if (size < 4) fail("class", sizes + 4 * i, size);
      classes.push(size);
    }
  }

  const bytes = reader.bytes.subarray(map, map + entries);
  let starts = 1;
  for (const byte of bytes) if (byte !== 0) starts++;
  const blocks = new Blocks(Math.min(starts, MOST_AT_ONCE));
  const units = new Blocks(Math.min(starts, MOST_AT_ONCE));
  const slabs: Slab[] = [];
  const lengths = Array.from({ length: 32 }, (_, order) => 2 ** order);
  for (let entry = 0; entry < entries; ) {
    const byte = bytes[entry]!;
    const address = origin + entry * granule;
    if (byte === 0) {
      blocks.extend(address, granule, State.Gap);
      units.extend(address, granule, State.Gap);
      entry++;
      continue;
    }
    const order = MapByte.order(byte);
    const length = lengths[order] ?? Infinity;
    if (entry + length > entries) fail("order", map + entry, byte);
    const size = granule * length;
    if (address % size !== 0) fail("align", address, size);
    switch (MapByte.state(byte)) {
      case MapByte.free:
        blocks.push(address, size, State.Free);
        units.push(address, size, State.Free);
        break;
      case MapByte.fresh:
        blocks.push(address, size, State.Fresh);
        units.push(address, size, State.Fresh);
        break;
      case MapByte.slab:
        if (!slabsToo) fail("order", map + entry, byte);
        units.push(address, size, State.Slab, slabs.length);
        slabs.push(readSlab(reader, address, size, classes, blocks, slabs.length));
        break;
      default: {
        const own = address >= map && address < map + capacity;
        const state = own ? State.Meta : State.Live;
        blocks.push(address, size, state);
        units.push(address, size, state);
      }
    }
    entry += length;
  }
  return {
    ...NOTHING,
    kind,
    committed,
    growths,
    start: entries === 0 ? 0 : origin,
    end: entries === 0 ? 0 : origin + entries * granule,
    blocks,
    units,
    granule,
    slabs,
    classes,
  };
}
