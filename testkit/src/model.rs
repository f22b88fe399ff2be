//! The oracle: which ranges are live, and what was written to them.

use std::{alloc::Layout, collections::BTreeMap, ptr::NonNull};

use bonsai_alloc::inspect::{Block, Inspect, State, Stats};

use crate::Closeness;

/// A live block, as the program that asked for it knows it.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub pointer: NonNull<u8>,
    /// The layout that it was allocated with, or resized to last.
    pub layout: Layout,
    /// The seed of the pattern that was painted into it.
    seed: u32,
}

impl Placed {
    /// The first address.
    pub fn address(&self) -> usize {
        self.pointer.as_ptr() as usize
    }

    /// The first address behind the block.
    pub fn end(&self) -> usize {
        self.address() + self.layout.size()
    }
}

/// The rules that hold for every allocator, independent of its inner workings.
///
/// Every byte of every live block holds a pattern that is the block's own and never 0. A byte that
/// changed was handed out twice, or the allocator wrote to memory that was not its own any more.
#[derive(Debug, Default)]
pub struct Model {
    /// By slot.
    slots: BTreeMap<u32, Placed>,
    /// Address to slot, in address order.
    places: BTreeMap<usize, u32>,
    /// The number of blocks that were ever painted; the seed of the next pattern.
    painted: u32,
    /// The sum of the sizes of the live blocks.
    bytes: usize,
}

/// The byte at `offset` of the pattern `seed`.
#[inline]
fn paint(seed: u32, offset: usize) -> u8 {
    let mixed = (offset as u32).wrapping_add(seed.wrapping_mul(0x9E37)).wrapping_mul(0x9E37_79B1);
    (mixed >> 24) as u8 | 1
}

impl Model {
    /// The block in a slot.
    pub fn get(&self, slot: u32) -> Option<Placed> {
        self.slots.get(&slot).copied()
    }

    /// The live blocks in address order.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = Placed> + '_ {
        self.places.values().map(|slot| self.slots[slot])
    }

    /// The occupied slots.
    pub fn slots(&self) -> Vec<u32> {
        self.slots.keys().copied().collect()
    }

    /// Returns the number of live blocks.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if no block is live.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the number of bytes that were asked for and are live.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Enters a block that the allocator answered with, and paints it.
    ///
    /// # Errors
    /// The block is misaligned, too short, or overlaps a live one.
    pub fn place(&mut self, slot: u32, block: NonNull<[u8]>, layout: Layout) -> Result<(), String> {
        self.painted += 1;
        let placed = Placed { pointer: block.cast(), layout, seed: self.painted };
        let address = placed.address();
        if block.len() < layout.size() {
            return Err(format!("{} bytes for {layout:?}", block.len()));
        }
        if address % layout.align() != 0 {
            return Err(format!("{address:#x} is not aligned as {layout:?} asks"));
        }
        self.apart(NonNull::slice_from_raw_parts(block.cast(), layout.size()))?;
        assert!(self.slots.insert(slot, placed).is_none(), "slot {slot} is occupied");
        self.places.insert(address, slot);
        self.bytes += layout.size();
        // SAFETY: the block is live, as long as its layout says, and overlaps no other.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(placed.pointer.as_ptr(), layout.size()) };
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = paint(placed.seed, at));
        Ok(())
    }

    /// Verifies that a block overlaps no live one.
    ///
    /// # Errors
    /// The live block that it overlaps.
    pub fn apart(&self, block: NonNull<[u8]>) -> Result<(), String> {
        let address = block.cast::<u8>().as_ptr() as usize;
        // A block of no bytes has a place of its own too: it must not share its address.
        let end = address + block.len().max(1);
        let before = self.places.range(..=address).next_back().map(|(_, slot)| self.slots[slot]);
        let after = self.places.range(address..).next().map(|(_, slot)| self.slots[slot]);
        for other in before.into_iter().chain(after) {
            if end > other.address() && other.end().max(other.address() + 1) > address {
                return Err(format!(
                    "{address:#x}..{end:#x} overlaps the live {:#x}..{:#x}",
                    other.address(),
                    other.end()
                ));
            }
        }
        Ok(())
    }

    /// Verifies the paint of the block in a slot, its first `length` bytes, at `pointer`.
    ///
    /// # Errors
    /// The first byte that is not what was painted.
    ///
    /// # Safety
    /// The block at `pointer` has at least `length` bytes, and is live.
    pub unsafe fn verify_moved(
        &self,
        placed: Placed,
        pointer: NonNull<u8>,
        length: usize,
    ) -> Result<(), String> {
        // SAFETY: a live block, by this function's contract, every byte of which was painted or copied.
        let bytes = unsafe { std::slice::from_raw_parts(pointer.as_ptr(), length) };
        match bytes.iter().enumerate().find(|&(at, &byte)| byte != paint(placed.seed, at)) {
            None => Ok(()),
            Some((at, byte)) => Err(format!(
                "byte {at} of the block of {} at {pointer:p} is {byte:#04x}, not {:#04x}",
                placed.layout.size(),
                paint(placed.seed, at)
            )),
        }
    }

    /// Verifies the paint of a live block.
    ///
    /// # Errors
    /// The first byte that is not what was painted.
    pub fn verify(&self, placed: Placed) -> Result<(), String> {
        // SAFETY: the block is live.
        unsafe { self.verify_moved(placed, placed.pointer, placed.layout.size()) }
    }

    /// Verifies the paint of every live block.
    ///
    /// # Errors
    /// The first byte that is not what was painted.
    pub fn verify_all(&self) -> Result<(), String> {
        self.slots.values().try_for_each(|&placed| self.verify(placed))
    }

    /// Empties a slot.
    pub fn remove(&mut self, slot: u32) -> Option<Placed> {
        let placed = self.slots.remove(&slot)?;
        self.places.remove(&placed.address());
        self.bytes -= placed.layout.size();
        Some(placed)
    }

    /// Empties every slot.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.places.clear();
        self.bytes = 0;
    }

    /// Holds the allocator's view of itself against what is live.
    ///
    /// # Errors
    /// The view has a hole, contradicts its own sums, or shows a block live that is not, or not
    /// live that is.
    pub fn compare(&self, view: &dyn Inspect, closeness: Closeness) -> Result<(), String> {
        let mut blocks: Vec<Block> = Vec::new();
        view.walk(&mut |block| blocks.push(block));
        for block in &blocks {
            if block.size == 0 {
                return Err(format!("{block:x?} is empty"));
            }
        }
        for pair in blocks.windows(2) {
            if pair[0].address + pair[0].size != pair[1].address {
                return Err(format!("{:x?} and {:x?} do not touch", pair[0], pair[1]));
            }
        }

        let exact = closeness == Closeness::Blocks;
        let mut live = blocks.iter().filter(|block| block.state == State::Live).peekable();
        let mut held = 0;
        for placed in self.blocks() {
            let end = placed.end().max(placed.address() + 1);
            while live.next_if(|block| block.address + block.size <= placed.address()).is_some() {
                if exact && held == 0 {
                    return Err(format!(
                        "a block before {:#x} is live to the allocator alone",
                        placed.address()
                    ));
                }
                held = 0;
            }
            match live.peek() {
                Some(block)
                    if block.address <= placed.address() && end <= block.address + block.size =>
                {
                    held += 1;
                }
                other => {
                    return Err(format!(
                        "{:#x}..{end:#x} is live, but the allocator shows {other:x?}",
                        placed.address()
                    ));
                }
            }
            if exact && held > 1 {
                return Err(format!("two blocks are live in one, at {:#x}", placed.address()));
            }
        }
        let left = live.skip(usize::from(held > 0)).count();
        let none_left = self.is_empty() && closeness != Closeness::Covers;
        if left > 0 && (exact || none_left) {
            return Err(format!("{left} more blocks are live to the allocator alone"));
        }
        let mut stats = view.stats();
        if !exact {
            // How many there are it may know all the same; the blocks do not tell.
            stats.live_blocks = blocks.iter().filter(|b| b.state == State::Live).count();
        }
        Self::compare_sums(&blocks, &stats)
    }

    /// Holds the allocator's sums against its blocks.
    fn compare_sums(blocks: &[Block], stats: &Stats) -> Result<(), String> {
        let sum = |state: State| -> (usize, usize) {
            let of_state = blocks.iter().filter(|block| block.state == state);
            of_state.fold((0, 0), |(bytes, count), block| (bytes + block.size, count + 1))
        };
        let largest = blocks
            .iter()
            .filter(|block| block.state == State::Free)
            .map(|block| block.size)
            .max()
            .unwrap_or(0);
        // A heap whose free neighbours merge says what they come to together.
        let row = blocks.chunk_by(|a, b| a.state == b.state && a.address + a.size == b.address);
        let merged = row
            .filter(|row| row[0].state == State::Free)
            .map(|row| row.iter().map(|block| block.size).sum())
            .max()
            .unwrap_or(0);
        let largest = if stats.largest_free == merged { merged } else { largest };
        let seen =
            (sum(State::Live), sum(State::Free), largest, sum(State::Meta).0, sum(State::Gap).0);
        let told = (
            (stats.live_bytes, stats.live_blocks),
            (stats.free_bytes, stats.free_blocks),
            stats.largest_free,
            stats.meta_bytes,
            stats.gap_bytes,
        );
        if seen == told {
            Ok(())
        } else {
            Err(format!("the blocks add up to {seen:?}, the allocator says {told:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonsai_alloc::inspect::Damage;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// A block of `size` bytes at an offset of a buffer.
    fn at(buffer: &mut [u64], offset: usize, size: usize) -> NonNull<[u8]> {
        assert!(offset + size <= size_of_val(buffer));
        let start = NonNull::new(buffer.as_mut_ptr().cast::<u8>().wrapping_add(offset)).unwrap();
        NonNull::slice_from_raw_parts(start, size)
    }

    #[test]
    fn a_block_must_be_aligned_long_enough_and_apart() {
        let mut buffer = [0_u64; 16];
        let mut model = Model::default();
        model.place(0, at(&mut buffer, 16, 16), layout(16, 8)).unwrap();
        for (offset, size, layout, complaint) in [
            (33, 8, layout(8, 2), "aligned"),
            (40, 8, layout(9, 1), "8 bytes"),
            (16, 16, layout(16, 8), "overlaps"),
            (8, 9, layout(9, 1), "overlaps"),
            (31, 1, layout(1, 1), "overlaps"),
            (20, 2, layout(2, 1), "overlaps"),
            (0, 64, layout(64, 8), "overlaps"),
            (16, 0, layout(0, 1), "overlaps"),
        ] {
            let error = model.place(1, at(&mut buffer, offset, size), layout).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
        model.place(1, at(&mut buffer, 0, 16), layout(16, 8)).unwrap();
        model.place(2, at(&mut buffer, 32, 1), layout(1, 1)).unwrap();
        model.place(3, at(&mut buffer, 33, 0), layout(0, 1)).unwrap();
        assert_eq!((model.len(), model.bytes()), (4, 33));
        model.verify_all().unwrap();
    }

    #[test]
    fn a_changed_byte_is_seen() {
        let mut buffer = [0_u64; 16];
        let block = at(&mut buffer, 8, 100);
        let mut model = Model::default();
        model.place(0, block, layout(100, 1)).unwrap();
        // SAFETY: byte 99 of the block is within the buffer.
        let last = unsafe { block.cast::<u8>().add(99) };
        // SAFETY: the buffer is this function's own.
        unsafe { *last.as_ptr() ^= 2 };
        assert!(model.verify_all().unwrap_err().contains("byte 99"));
        assert!(model.verify(model.get(0).unwrap()).is_err());
    }

    /// A view that shows the blocks it is told to.
    struct View(Vec<(usize, usize, State)>);

    impl Inspect for View {
        fn walk(&self, visit: &mut dyn FnMut(Block)) {
            self.0.iter().for_each(|&(address, size, state)| visit(Block { address, size, state }));
        }
        fn check(&self) -> Result<(), Damage> {
            Ok(())
        }
    }

    #[test]
    fn a_view_is_held_against_what_is_live() {
        use State::{Free, Gap, Live, Meta};
        let mut buffer = [0_u64; 16];
        let start = buffer.as_ptr() as usize;
        let mut model = Model::default();
        model.place(0, at(&mut buffer, 16, 10), layout(10, 8)).unwrap();
        model.place(1, at(&mut buffer, 32, 16), layout(16, 8)).unwrap();
        let view = |blocks: &[(usize, usize, State)]| {
            View(blocks.iter().map(|&(at, size, state)| (start + at, size, state)).collect())
        };
        let good = [(0, 16, Meta), (16, 16, Live), (32, 16, Live), (48, 16, Free), (64, 8, Gap)];
        model.compare(&view(&good), Closeness::Blocks).unwrap();
        model.compare(&view(&good), Closeness::Ranges).unwrap();
        let one = [(0, 16, Free), (16, 32, Live)];
        model.compare(&view(&one), Closeness::Ranges).unwrap();
        assert!(model.compare(&view(&one), Closeness::Blocks).is_err());

        for bad in [
            // A hole, a block of nothing.
            vec![(0, 8, Meta), (16, 16, Live), (32, 16, Live)],
            vec![(16, 16, Live), (32, 16, Live), (48, 0, Free)],
            // A live block shown as free, as partly free, or not at all.
            vec![(16, 16, Free), (32, 16, Live)],
            vec![(16, 16, Live), (32, 8, Live), (40, 8, Free)],
            vec![(16, 16, Live)],
            vec![],
        ] {
            assert!(model.compare(&view(&bad), Closeness::Blocks).is_err(), "{bad:?}");
            assert!(model.compare(&view(&bad), Closeness::Ranges).is_err(), "{bad:?}");
        }
        for bad in [
            // Live blocks that nobody holds: first, between, last.
            vec![(0, 16, Live), (16, 16, Live), (32, 16, Live)],
            vec![(16, 12, Live), (28, 4, Live), (32, 16, Live)],
            vec![(16, 16, Live), (32, 16, Live), (48, 16, Live)],
        ] {
            assert!(model.compare(&view(&bad), Closeness::Blocks).is_err(), "{bad:?}");
        }
        model.remove(0);
        assert_eq!(model.bytes(), 16);
        model.clear();
        assert_eq!(model.bytes(), 0);
        let left = view(&[(0, 8, Live)]);
        assert!(model.compare(&left, Closeness::Ranges).is_err());
        model.compare(&left, Closeness::Covers).unwrap();
    }
}
