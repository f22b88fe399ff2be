//! A global allocator in as few bytes of code as possible.

#[cfg(test)]
mod tests;
mod view;

use core::{alloc::Layout, ptr};

pub use self::view::TinyStats;
use crate::{
    bitmap::WORD,
    checked::{padded, sound},
    descriptor::{Descriptor, Kind, value},
    global::{HeapState, Policy, Shell},
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
/// Interrupts, signals and traps: as for [`Heap`](crate::Heap#interrupts-signals-and-traps).
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
}

// SAFETY: blocks on the lists are the heap's own, overlap nothing and are aligned to their size,
// which is at least the size and the alignment of the layouts of their class. `dealloc` and
// `realloc` are told the layout, so they find the class that the block was handed out for.
unsafe impl HeapState for Lock<Lists> {
    // SAFETY: the closures of this file call functions of the state and of a pool, whose lock is
    // another one; none of them calls the shell or the program.
    const NEW: Self = unsafe { Lock::new(Lists { heads: [0; CLASSES] }) };
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
