//! A global allocator in as few bytes of code as possible.

use core::{alloc::Layout, ptr};

use crate::{
    bitmap::WORD,
    checked::{padded, sound},
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Policy, Shell},
    inspect::{Block, State},
    linear::{Linear, PageSource},
    lock::Lock,
    region::Region,
};

/// log2 of the smallest block. It holds one word on every target.
const SMALLEST: u32 = 3;
/// The words of `heads`. The class of a size is its number of leading zeros, so class 0 would be
/// blocks of more than half the address space, and no layout asks for one.
const CLASSES: usize = (usize::BITS - SMALLEST) as usize + 1;

/// The free blocks.
#[repr(C)]
#[derive(Debug)]
pub struct Lists {
    /// For each class the address of its first free block, 0 for none. A free block's first word
    /// is the address of the next.
    ///
    /// Invariants: a block of class `c` is `size_of_class(c)` bytes large, its address is a
    /// multiple of that, and it overlaps no live and no other free block. Class 0 is empty.
    heads: [usize; CLASSES],
}

/// The class of a layout: the one of the smallest power of two that is neither below its size
/// nor below its alignment.
#[inline(always)]
fn class_of(size: usize, align: usize) -> usize {
    debug_assert!(size != 0, "GlobalAlloc is not to be asked for no bytes");
    // The other two are rows of ones already, so the longest of the three decides.
    let longest = size.wrapping_sub(1) | (align - 1) | ((1 << SMALLEST) - 1);
    longest.leading_zeros() as usize
}

/// The size of the blocks of a class.
#[inline(always)]
fn size_of_class(class: usize) -> usize {
    // 1 << (BITS - class), in one instruction.
    1usize.rotate_right(class as u32)
}

/// True if `address` is one that a block of the class may have.
fn may_wait(memory: &impl PageSource, class: usize, address: usize) -> bool {
    let pool = memory.pool();
    address & (size_of_class(class) - 1) == 0
        && (pool.region().start()..pool.end()).contains(&address)
}

impl Lists {
    /// The list of a class, unchecked: a bounds check would bring a panic, and that its message,
    /// into a module that may have none.
    ///
    /// # Safety
    /// `class` is below [`CLASSES`].
    #[inline(always)]
    unsafe fn head(&mut self, class: usize) -> &mut usize {
        // SAFETY: this function's contract says that `class` is below `CLASSES`, the length of
        // `heads`.
        unsafe { self.heads.get_unchecked_mut(class) }
    }

    /// Puts a block on its list.
    ///
    /// # Safety
    /// A block of class `class`, not 0, begins at `address`; it is the heap's, nobody uses it, and
    /// `region` may touch it.
    #[inline(always)]
    unsafe fn push(&mut self, region: Region, address: usize, class: usize) {
        // SAFETY: the class of a block is below `CLASSES`, by this function's contract.
        let head = unsafe { self.head(class) };
        // SAFETY: the block is free, aligned to at least a word and at least as large.
        unsafe { region.write(address, *head) };
        *head = address;
    }

    /// Cuts `from..to` into the largest blocks that are aligned to their size, and puts them on
    /// their lists. O(classes), and one step for every block of the largest size in it.
    ///
    /// # Safety
    /// Both are multiples of the smallest block's size, that memory is the heap's, nobody uses it,
    /// and `region` may touch it.
    #[inline(never)]
    unsafe fn release(&mut self, region: Region, mut from: usize, to: usize) {
        while from != to {
            let fits = (to - from).leading_zeros() + 1;
            let aligned = usize::BITS - from.trailing_zeros();
            // The larger class is the smaller block.
            let class = fits.max(aligned) as usize;
            // SAFETY: the block lies in the range, and is no smaller than the smallest because
            // both ends of the range are multiples of that. Class 0 would have to be
            // more than half of all memory.
            unsafe { self.push(region, from, class) };
            from += size_of_class(class);
        }
    }

    /// Takes a block for a layout; 0, and nothing changed, where there is none.
    ///
    /// # Safety
    /// `size` is not 0.
    #[inline(always)]
    unsafe fn allocate<M: PageSource>(&mut self, memory: &M, size: usize, align: usize) -> *mut u8 {
        let wanted = class_of(size, align);
        loop {
            let mut class = wanted;
            loop {
                // SAFETY: between 0 and the class of a layout.
                let head = unsafe { self.head(class) };
                let block = *head;
                if block != 0 {
                    let region = memory.pool().region();
                    // SAFETY: the link of a free block.
                    let next = unsafe { region.read(block) };
                    let holds = || next == 0 || may_wait(memory, class, next);
                    let rule = "a list leads to what is no block of its size";
                    *head = if sound(holds, block, rule) { next } else { 0 };
                    let rest = block + size_of_class(wanted);
                    // SAFETY: the rest of a block that has just been taken off its list.
                    unsafe { self.release(region, rest, block + size_of_class(class)) };
                    return region.pointer(block);
                }
                if class == 0 {
                    break;
                }
                class -= 1;
            }
            // SAFETY: the class of a layout.
            if !unsafe { self.refill(memory, wanted) } {
                return ptr::null_mut();
            }
        }
    }

    /// Obtains memory that has a block of class `class` in it, unless somebody else grew in the
    /// same instant: then whatever came is kept, and the next attempt begins elsewhere. False, and
    /// nothing changed, where there is no more.
    ///
    /// # Safety
    /// `class` is the class of a layout.
    // A function of its own because otherwise what it reads of the pool is kept in locals
    // throughout the search, at 60 bytes of code.
    #[inline(never)]
    unsafe fn refill<M: PageSource>(&mut self, memory: &M, class: usize) -> bool {
        let pool = memory.pool();
        let Some(range) = pool.take_aligned(size_of_class(class)) else {
            return false;
        };
        // SAFETY: the pool has just handed it out.
        unsafe { self.release(pool.region(), range.start, range.end) };
        true
    }
}

/// A global allocator in as few bytes of code as possible.
///
/// Pick it where the module must be small and its heap is simple. Pick another one where memory
/// must not ratchet, or must be looked into.
///
/// | operation | time |
/// |---|---|
/// | alloc | O(1) where a block of the size has been freed, else O(classes); there are 29 on wasm32 |
/// | dealloc | O(1) |
/// | realloc within the class | in place, O(1) |
/// | realloc to less | a copy, or in place where no block of the new size is free: O(classes) |
/// | realloc to more | a copy |
///
/// **Code**: about 500 bytes, a sixteenth of what std's default adds (`cargo xtask bench -- --sizes` weighs it).
/// **Space**: a word for each class, nothing in front of a block. **Waste**: sizes are rounded up
/// to a power of two, which is a quarter of the memory for random sizes and at worst half.
///
/// All free memory is cut into blocks whose size is a power of two and whose address is a
/// multiple of their size, as in a buddy allocator. A list for each size holds the free ones, and
/// their first word is the link:
///
/// ```text
///   heads  [ 2 GiB | 1 GiB | ... | 64 KiB | 32 KiB | ... | 16 B | 8 B ]
///                                    |                        |
///                                    v                        v
///                                 [ 64 KiB ]           [16 B] -> [16 B]
/// ```
///
/// A request takes the first block of its list, or the smallest one that is larger and gives back
/// what it does not need; where there is none, memory grows. As every block is aligned to its
/// size, an alignment is a size and nothing more, however large. No two growths need to touch,
/// because no block spans two.
///
/// # What its size cannot carry
/// - A block has at most 1 GiB on wasm32: one of 2 GiB would begin at 2 GiB and reach over the last
///   page of 4 GiB, which no heap uses.
/// - Blocks are split and never merged. A program that frees many small blocks cannot have one
///   large block of them.
/// - Live blocks are on no record: there is no `walk` and no count of what is live. What is free
///   can be read: `TinyHeap::stats`.
/// - `alloc_zeroed` clears memory even if it is fresh.
/// - A block at the end of memory does not grow in place.
/// - It uses no memory that others gave back to the pool, never gives any back itself, and its
///   growths are not among those that the pool counts.
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::TinyHeap = bonsai_alloc::TinyHeap::new();
///
/// let squares: Vec<u64> = (0..1000).map(|n| n * n).collect();
/// assert_eq!(squares[999], 998_001);
/// ```
pub type TinyHeap<M = Linear> = Shell<Lock<Lists>, M>;

/// The free memory of a [`TinyHeap`]. It does not know what is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TinyStats {
    /// Ready to be handed out.
    pub free_bytes: usize,
    /// The number of free blocks.
    pub free_blocks: usize,
    /// The largest free block. A request above it makes the heap grow, or fails.
    pub largest_free: usize,
}

impl TinyHeap {
    /// The addresses of the state, for readers outside of the module: see [`inspectable!`](crate::inspectable).
    pub const fn descriptor(&'static self) -> Descriptor {
        // SAFETY: only an address is taken, in a static.
        let heads = unsafe { &raw const (*self.state.as_ptr()).heads }.cast::<usize>();
        // Class 0 has no blocks.
        let first = heads.wrapping_add(1).cast();
        let largest = value(usize::BITS as usize - 1);
        Descriptor::new(Kind::Tiny, ptr::null(), &[first, value(CLASSES - 1), largest])
    }
}

impl<M: PageSource> TinyHeap<M> {
    /// Returns the number of bytes that a block for `layout` has; 0 if no block has that size.
    pub fn usable_size(&self, layout: Layout) -> usize {
        match padded(layout) {
            Some(layout) if layout.size() > 0 => {
                size_of_class(class_of(layout.size(), layout.align()))
            }
            _ => 0,
        }
    }

    /// Shows `visit` every free block: the largest first, those of one size in the order in which
    /// they will be handed out.
    ///
    /// Nothing is allocated. `visit` may use this heap; blocks that it takes or frees may be shown
    /// or not, and move those behind them.
    pub fn walk_free(&self, mut visit: impl FnMut(Block)) {
        const BATCH: usize = 128;
        let mut seen = 0;
        loop {
            let mut batch = [Block { address: 0, size: 0, state: State::Free }; BATCH];
            let mut room = batch.iter_mut();
            let mut skip = seen;
            self.each_free(|block| {
                if skip > 0 {
                    skip -= 1;
                    return true;
                }
                match room.next() {
                    Some(place) => *place = block,
                    None => return false,
                }
                true
            });
            let count = BATCH - room.len();
            seen += count;
            for &block in batch.iter().take(count) {
                visit(block);
            }
            if count < BATCH {
                return;
            }
        }
    }

    /// Shows `look` every free block under the lock, as long as it answers true. `look` must not use
    /// the heap.
    fn each_free(&self, mut look: impl FnMut(Block) -> bool) {
        let region = self.memory.pool().region();
        self.state.with(|lists| {
            // A damaged list must lead nowhere else, and must not go on for ever.
            let mut most = self.memory.pool().end() - region.start();
            for (class, &head) in lists.heads.iter().enumerate().skip(1) {
                let size = size_of_class(class);
                let mut address = head;
                while may_wait(&self.memory, class, address) && most >= size {
                    most -= size;
                    if !look(Block { address, size, state: State::Free }) {
                        return;
                    }
                    // SAFETY: the heads and the links of a list lead to free blocks, which begin
                    // with a link; `may_wait` has found the address in memory.
                    address = unsafe { region.read(address) };
                }
            }
        });
    }

    /// Counts the free blocks. O(free blocks).
    pub fn stats(&self) -> TinyStats {
        let mut stats = TinyStats::default();
        self.each_free(|block| {
            stats.free_bytes += block.size;
            stats.free_blocks += 1;
            stats.largest_free = stats.largest_free.max(block.size);
            true
        });
        stats
    }
}

// SAFETY: blocks on the lists are the heap's own, overlap nothing and are aligned to their size,
// which is at least the size and the alignment of the layouts of their class. `dealloc` and
// `realloc` are told the layout, so they find the class that the block was handed out for.
unsafe impl HeapState for Lock<Lists> {
    const NEW: Self = Lock::new(Lists { heads: [0; CLASSES] });
    const NAME: &'static str = "TinyHeap";

    // Once, for `alloc` and `alloc_zeroed` of the shell: bytes count here more than a call.
    #[inline(never)]
    unsafe fn alloc<M: PageSource, P: Policy>(heap: &Shell<Self, M, P>, layout: Layout) -> *mut u8 {
        heap.state.with(|lists| {
            // SAFETY: the size is not 0, by the contract of `alloc`.
            unsafe { lists.allocate(&heap.memory, layout.size(), layout.align()) }
        })
    }

    #[inline(always)]
    unsafe fn dealloc<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
    ) -> bool {
        let class = class_of(layout.size(), layout.align());
        // Not through `block`: it may have come from a reference to fewer bytes than a link has.
        let region = heap.memory.pool().region();
        heap.state.with(|lists| {
            // SAFETY: a live block of that class, by the contract of `dealloc`.
            unsafe { lists.push(region, block.addr(), class) }
        });
        true
    }

    #[inline(always)]
    unsafe fn resize<M: PageSource, P: Policy>(
        heap: &Shell<Self, M, P>,
        block: *mut u8,
        layout: Layout,
        new_size: usize,
    ) -> bool {
        let old_class = class_of(layout.size(), layout.align());
        let new_class = class_of(new_size, layout.align());
        if new_class < old_class {
            return false;
        }
        let start = block.addr();
        let unused = start + size_of_class(new_class)..start + size_of_class(old_class);
        let region = heap.memory.pool().region();
        heap.state.with(|lists| {
            // What is split stays split: so it moves, where there is a block of its new size.
            if new_class > old_class && lists.heads.get(new_class).is_some_and(|&head| head != 0) {
                return false;
            }
            // SAFETY: the caller uses no more of the block than it has asked for.
            unsafe { lists.release(region, unused.start, unused.end) };
            true
        })
    }
}

const _: () = assert!(WORD <= 1 << SMALLEST, "a free block holds its link");

#[cfg(test)]
mod tests {
    use core::alloc::GlobalAlloc;
    use std::{collections::BTreeMap, vec::Vec};

    use super::{Block, Layout, State, TinyHeap, TinyStats, class_of, size_of_class};
    use crate::bitmap::align_up;
    use crate::checked::ZONE;
    use crate::linear::{Config, LinearMemory, MAX_PAGES, PAGE, Pool, Simulation};

    type Heap<'a> = TinyHeap<&'a Pool<Simulation>>;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn alloc(heap: &Heap, size: usize, align: usize) -> Option<usize> {
        // SAFETY: the tests ask for no 0 bytes.
        let block = unsafe { heap.alloc(layout(size, align)) };
        assert_eq!(block.addr() % align, 0, "{size} bytes aligned to {align}");
        (!block.is_null()).then(|| block.addr())
    }

    fn pointer(pool: &Pool<Simulation>, address: usize) -> *mut u8 {
        pool.region().pointer(address)
    }

    fn free_blocks(heap: &Heap) -> Vec<Block> {
        let mut blocks = Vec::new();
        heap.walk_free(|block| blocks.push(block));
        blocks
    }

    /// Every block on a list is aligned to its size, and overlaps neither a live nor another free
    /// one.
    fn check(heap: &Heap, live: &BTreeMap<usize, Layout>) {
        let live = live.iter().map(|(&address, &layout)| Block {
            address,
            size: heap.usable_size(layout),
            state: State::Live,
        });
        let mut blocks = free_blocks(heap);
        blocks.extend(live);
        blocks.sort_by_key(|block| block.address);
        for block in &blocks {
            assert_eq!(block.address % block.size, 0, "{block:x?}");
        }
        for pair in blocks.windows(2) {
            assert!(pair[0].end() <= pair[1].address, "{pair:x?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes Miri many minutes")]
    fn model() {
        let pool = Pool::new(Simulation::new(Config {
            max_pages: 400,
            pages: 3,
            heap_base: Some(PAGE + 12_344),
            ..Config::default()
        }));
        let heap = TinyHeap::with_memory(&pool);
        let mut live = BTreeMap::new();
        let mut foreign = 0;
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 16) as usize % below
        };
        let tag = |address: usize| (address >> 3) as u8 ^ 0x5A;
        for step in 0..10_000 {
            let scale = 1 + random(19);
            let size = 1 + random(1 << scale);
            let chosen = live.iter().nth(random(live.len().max(1))).map(|(&a, &l)| (a, l));
            match (random(8), chosen) {
                (0..=3, _) | (_, None) => {
                    let align = 1 << random(if step % 50 == 0 { 21 } else { 7 });
                    if let Some(block) = alloc(&heap, size, align) {
                        // SAFETY: that large.
                        unsafe { pointer(&pool, block).write_bytes(tag(block), size) };
                        live.insert(block, layout(size, align));
                    }
                }
                (4..=5, Some((block, old))) => {
                    // SAFETY: live, with that layout.
                    let new = unsafe { heap.realloc(pointer(&pool, block), old, size) };
                    if new.is_null() {
                        let wanted = heap.usable_size(layout(size, old.align()));
                        assert!(wanted > heap.usable_size(old), "shrinking needs no memory");
                        continue;
                    }
                    live.remove(&block);
                    for i in 0..size.min(old.size()) {
                        // SAFETY: that large.
                        assert_eq!(unsafe { new.wrapping_add(i).read() }, tag(block));
                    }
                    // SAFETY: that large.
                    unsafe { new.write_bytes(tag(new.addr()), size) };
                    live.insert(new.addr(), layout(size, old.align()));
                }
                (_, Some((block, old))) => {
                    for i in 0..old.size() {
                        let at = pointer(&pool, block + i);
                        // SAFETY: that large.
                        assert_eq!(unsafe { at.read() }, tag(block));
                    }
                    live.remove(&block);
                    // SAFETY: live, with that layout.
                    unsafe { heap.dealloc(pointer(&pool, block), old) };
                }
            }
            if step % 300 == 0 && pool.memory().foreign(1) {
                foreign += 1;
            }
            if step % 64 == 0 {
                check(&heap, &live);
            }
        }
        check(&heap, &live);
        for (block, layout) in live {
            // SAFETY: live, with that layout.
            unsafe { heap.dealloc(pointer(&pool, block), layout) };
        }
        heap.empty_quarantine();
        let below = 2 * PAGE - align_up(12_344, 16);
        let grown = (pool.memory().pages() - 3 - foreign) * PAGE;
        assert_eq!(heap.stats().free_bytes, below + grown, "nothing is lost");
        assert!(pool.memory().growths() > 10);
        assert!(pool.memory().foreign_intact());
    }

    #[test]
    fn a_block_is_no_larger_than_it_must_be() {
        for (size, log) in (1_usize..300).flat_map(|size| (0..12).map(move |log| (size, log))) {
            let needed = size.max(1 << log).max(8).next_power_of_two();
            assert_eq!(size_of_class(class_of(size, 1 << log)), needed, "{size}, 1 << {log}");
        }
    }

    #[test]
    fn refused_growth_changes_nothing() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = TinyHeap::with_memory(&pool);
        alloc(&heap, 100, 1).unwrap();
        let before = free_blocks(&heap);
        assert_eq!(heap.stats().free_blocks, before.len());
        pool.memory().refuse(0, 1);
        assert_eq!(alloc(&heap, PAGE + 1, 1), None);
        assert_eq!(free_blocks(&heap), before);
        assert!(alloc(&heap, PAGE, 1).is_some());
    }

    #[test]
    fn fixed_memory_is_used_to_the_last_byte() {
        let pool = Pool::new(Simulation::new(Config {
            pages: 4,
            max_pages: 4,
            heap_base: Some(PAGE / 2),
            ..Config::default()
        }));
        let heap = TinyHeap::with_memory(&pool);
        let mut bytes = 0;
        for size in [2 * PAGE, PAGE, PAGE / 2] {
            bytes += alloc(&heap, size - ZONE, 1).map_or(0, |_| size);
        }
        assert_eq!(bytes, 4 * PAGE - PAGE / 2);
        assert_eq!(alloc(&heap, 1, 1), None);
        assert!(pool.memory().foreign_intact());
    }

    #[test]
    fn growth_that_lands_elsewhere() {
        let pool = Pool::new(Simulation::new(Config { pages: 4, ..Config::default() }));
        let heap = TinyHeap::with_memory(&pool);
        // Four pages from page 4 on would do; those from page 5 on do not, and the heap grows
        // again.
        pool.memory().foreign_before_next(1);
        let block = alloc(&heap, 4 * PAGE - ZONE, 1).unwrap();
        assert_eq!(block % (4 * PAGE), 0);
        assert_eq!(pool.memory().growths(), 2);
        check(&heap, &BTreeMap::from([(block, layout(4 * PAGE - ZONE, 1))]));
        assert!(pool.memory().foreign_intact());
    }

    #[test]
    fn the_last_page_of_4_gib_is_not_used() {
        let pool = Pool::new(Simulation::new(Config {
            first_page: MAX_PAGES - 3,
            pages: MAX_PAGES - 3,
            max_pages: MAX_PAGES + 1,
            heap_base: None,
        }));
        let heap = TinyHeap::with_memory(&pool);
        let mut blocks = 0;
        while alloc(&heap, PAGE - ZONE, 1).is_some() {
            blocks += 1;
        }
        assert_eq!((blocks, pool.memory().pages()), (3, MAX_PAGES));
        assert_eq!(alloc(&heap, 1 << 31, 1), None);
        assert_eq!(alloc(&heap, 1, 1), None);
    }

    #[test]
    fn freed_blocks_are_reused_and_large_ones_split() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = TinyHeap::with_memory(&pool);
        let large = alloc(&heap, PAGE, 1).unwrap();
        // SAFETY: live, with that layout.
        unsafe { heap.dealloc(pointer(&pool, large), layout(PAGE, 1)) };
        for i in 0..PAGE / 64 {
            assert!(alloc(&heap, 40, 8).is_some(), "{i}");
        }
        assert_eq!(pool.memory().growths(), 1);
        assert_eq!(heap.stats(), TinyStats::default());
    }

    #[test]
    fn zeroed_memory_is_zero_the_second_time_too() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = TinyHeap::with_memory(&pool);
        for _ in 0..2 {
            // SAFETY: the size is not 0.
            let block = unsafe { heap.alloc_zeroed(layout(1000, 8)) };
            for i in 0..1000 {
                // SAFETY: that large.
                assert_eq!(unsafe { block.wrapping_add(i).read() }, 0);
            }
            // SAFETY: that large.
            unsafe { block.write_bytes(0xFF, 1000) };
            // SAFETY: live, with that layout.
            unsafe { heap.dealloc(block, layout(1000, 8)) };
        }
    }

    #[test]
    fn a_visitor_may_use_the_heap() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = TinyHeap::with_memory(&pool);
        let blocks: Vec<_> = (0..1000).filter_map(|_| alloc(&heap, 40, 1)).collect();
        for &block in &blocks {
            // SAFETY: live, with that layout.
            unsafe { heap.dealloc(pointer(&pool, block), layout(40, 1)) };
        }
        heap.empty_quarantine();
        let before = free_blocks(&heap);
        assert!(before.len() > 1000, "more than one batch: {}", before.len());
        assert_eq!(heap.stats().free_blocks, before.len());
        let mut shown = Vec::new();
        heap.walk_free(|block| {
            let taken = alloc(&heap, 3000, 1).unwrap();
            // SAFETY: live, with that layout.
            unsafe { heap.dealloc(pointer(&pool, taken), layout(3000, 1)) };
            assert!(heap.stats().free_blocks > 0);
            shown.push(block);
        });
        assert!(shown.len() >= 1000);
        check(&heap, &BTreeMap::new());
    }

    #[test]
    #[cfg_attr(feature = "checked", ignore = "a block for nothing has a red zone then")]
    fn a_block_for_nothing_has_no_bytes() {
        let pool = Pool::new(Simulation::new(Config::default()));
        let heap = TinyHeap::with_memory(&pool);
        assert_eq!(heap.usable_size(layout(0, 1)), 0);
        assert_eq!(heap.usable_size(layout(0, 4096)), 0);
    }

    #[test]
    fn alignment_beyond_a_page() {
        let pool = Pool::new(Simulation::new(Config { max_pages: 2000, ..Config::default() }));
        let heap = TinyHeap::with_memory(&pool);
        for shift in 0..=24 {
            assert!(alloc(&heap, 24, 1 << shift).is_some(), "{shift}");
        }
    }
}
