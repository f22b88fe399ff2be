//! The three cores as subjects, over whatever backs them.

use std::{
    alloc::{Layout, alloc, dealloc},
    any::Any,
    mem::ManuallyDrop,
    num::NonZeroUsize,
    ops::Range,
    ptr::NonNull,
};

use bonsai_alloc::{BackingAllocator, Buddy, Bump, Raw, Slab, inspect::Inspect};

use crate::{Closeness, Legality, Model, Subject};

/// A block of the system's memory, dirty from the start, for cores made from raw pointers.
#[derive(Debug)]
pub struct Region {
    pointer: NonNull<u8>,
    layout: Layout,
}

impl Region {
    /// The byte that fills a region before anybody uses it.
    pub const DIRT: u8 = 0xA5;

    /// # Panics
    /// The layout is empty or the system is out of memory.
    pub fn new(layout: Layout) -> Region {
        assert_ne!(layout.size(), 0);
        // SAFETY: the size is not 0.
        let pointer = NonNull::new(unsafe { alloc(layout) }).expect("the system has no memory");
        // SAFETY: allocated with this size.
        unsafe { pointer.write_bytes(Self::DIRT, layout.size()) };
        Region { pointer, layout }
    }

    /// The first byte.
    pub fn pointer(&self) -> NonNull<u8> {
        self.pointer
    }

    /// The first address.
    pub fn address(&self) -> usize {
        self.pointer.as_ptr() as usize
    }

    /// The addresses of a range of offsets.
    pub fn range(&self, offsets: Range<usize>) -> Range<NonZeroUsize> {
        let at = |offset| NonZeroUsize::new(self.address() + offset).expect("not null");
        at(offsets.start)..at(offsets.end)
    }

    /// Returns true if nobody ever wrote to a range of offsets.
    ///
    /// # Panics
    /// The range is not within the region.
    pub fn untouched(&self, offsets: Range<usize>) -> bool {
        assert!(offsets.end <= self.layout.size());
        let first = self.pointer.as_ptr().wrapping_add(offsets.start);
        // SAFETY: within the region, which was filled; nobody writes while this function runs.
        let bytes = unsafe { std::slice::from_raw_parts(first, offsets.len()) };
        bytes.iter().all(|&byte| byte == Self::DIRT)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.pointer.as_ptr(), self.layout) }
    }
}

/// Addresses from the first to the last that a view shows.
fn span(view: &dyn Inspect) -> Range<usize> {
    let mut span: Option<Range<usize>> = None;
    view.walk(&mut |block| {
        let start = span.as_ref().map_or(block.address, |span| span.start);
        span = Some(start..block.address + block.size);
    });
    span.unwrap_or(0..0)
}

/// A core, and what must outlive it.
#[derive(Debug)]
struct Held<C> {
    core: ManuallyDrop<C>,
    _memory: Box<dyn Any>,
}

impl<C> Held<C> {
    fn new(core: C, memory: impl Any) -> Held<C> {
        Held { core: ManuallyDrop::new(core), _memory: Box::new(memory) }
    }
}

impl<C> Drop for Held<C> {
    fn drop(&mut self) {
        // SAFETY: dropped here only, before the memory that it may lie over.
        unsafe { ManuallyDrop::drop(&mut self.core) }
    }
}

/// The calls that every subject over a core passes on to it.
macro_rules! by_core {
    () => {
        fn name(&self) -> &str {
            &self.name
        }

        unsafe fn deallocate(&mut self, ptr: NonNull<u8>, _: Layout) {
            // SAFETY: `Subject::deallocate` has the contract of the core's.
            unsafe { self.held.core.deallocate(ptr) }
        }

        unsafe fn resize_in_place(
            &mut self,
            ptr: NonNull<u8>,
            old: Layout,
            new: Layout,
        ) -> Option<Option<NonNull<[u8]>>> {
            let answer = if new.size() >= old.size() {
                // SAFETY: `Subject::resize_in_place` has the contract of the core's `grow`; the sizes are in order.
                unsafe { self.held.core.grow(ptr, old, new) }
            } else {
                // SAFETY: `Subject::resize_in_place` has the contract of the core's `shrink`; the sizes are in order.
                unsafe { self.held.core.shrink(ptr, old, new) }
            };
            Some(answer.ok())
        }

        unsafe fn reset(&mut self) -> bool {
            // SAFETY: `Subject::reset` has the contract of the core's.
            unsafe { self.held.core.reset() };
            true
        }

        fn usable_size(&self, layout: Layout) -> Option<Option<usize>> {
            Some(self.held.core.usable_size(layout).ok())
        }

        fn inspect(&self) -> Option<&dyn Inspect> {
            Some(&*self.held.core)
        }
    };
}

/// [`Buddy`] under test. Its oracle knows when a request must succeed: a buddy that always merges
/// has a free block exactly where an aligned range is wholly free.
#[derive(Debug)]
pub struct BuddySubject<const B: usize, const L: usize, A: BackingAllocator> {
    name: String,
    held: Held<Buddy<B, L, A>>,
    populated: Vec<Range<usize>>,
}

impl<const B: usize, const L: usize, A: BackingAllocator> BuddySubject<B, L, A> {
    /// A buddy over all of its region, as its constructor made it; `memory` is dropped after it.
    pub fn new(name: &str, buddy: Buddy<B, L, A>, memory: impl Any) -> Self {
        let span = span(&buddy);
        BuddySubject {
            name: name.to_owned(),
            held: Held::new(buddy, memory),
            populated: vec![span],
        }
    }

    /// The same, with gaps at these offsets: whole multiples of the smallest block, ascending.
    pub fn with_gaps(mut self, gaps: &[Range<usize>]) -> Self {
        let all = self.populated[0].clone();
        let mut start = all.start;
        self.populated.clear();
        for gap in gaps {
            self.populated.push(start..all.start + gap.start);
            start = all.start + gap.end;
        }
        self.populated.push(start..all.end);
        self
    }

    /// The size of the block that serves a request.
    fn block_for(layout: Layout) -> usize {
        layout.size().max(layout.align()).max(B >> (L - 1)).next_power_of_two()
    }

    /// Returns true if an aligned block of `size` is wholly free, found by looking everywhere.
    fn has_room(&self, model: &Model, size: usize) -> bool {
        self.populated.iter().any(|range| {
            let mut at = range.start.next_multiple_of(size);
            for live in model.blocks() {
                let block = Self::block_for(live.layout);
                if at + size <= live.address() {
                    break;
                }
                if live.address() + block > at {
                    at = (live.address() + block).next_multiple_of(size);
                }
            }
            at + size <= range.end
        })
    }
}

impl<const B: usize, const L: usize> BuddySubject<B, L, Raw> {
    /// A buddy of `blocks` blocks over memory of its own that is dirty at first, as is its
    /// metadata.
    ///
    /// # Panics
    /// There can be no such buddy.
    pub fn raw(name: &str, blocks: usize) -> Self {
        let region = Region::new(Buddy::<B, L, Raw>::region_layout(blocks).expect("valid"));
        let metadata = Region::new(Buddy::<B, L, Raw>::metadata_layout(blocks).expect("valid"));
        // SAFETY: memory of these layouts that outlives the allocator.
        let buddy = unsafe { Buddy::new_raw(metadata.pointer(), region.pointer(), blocks) };
        Self::new(name, buddy.expect("valid"), (region, metadata))
    }

    /// The same, of which only these offsets are ever added, in this order.
    ///
    /// # Panics
    /// There can be no such buddy, or no such range.
    pub fn raw_in_parts(name: &str, blocks: usize, parts: &[Range<usize>]) -> Self {
        let region = Region::new(Buddy::<B, L, Raw>::region_layout(blocks).expect("valid"));
        let metadata = Region::new(Buddy::<B, L, Raw>::metadata_layout(blocks).expect("valid"));
        // SAFETY: memory of these layouts that outlives the allocator.
        let buddy =
            unsafe { Buddy::new_raw_unpopulated(metadata.pointer(), region.pointer(), blocks) };
        let mut buddy = buddy.expect("valid");
        let mut populated: Vec<Range<usize>> = Vec::new();
        for part in parts {
            let range = region.range(part.clone());
            populated.push(range.start.get()..range.end.get());
            // SAFETY: the parts do not overlap.
            unsafe { buddy.add_region(range) };
        }
        // What touches is one range to the oracle.
        populated.sort_by_key(|range| range.start);
        populated.dedup_by(|next, range| {
            let touch = range.end == next.start;
            if touch {
                range.end = next.end;
            }
            touch
        });
        let name = name.to_owned();
        BuddySubject { name, held: Held::new(buddy, (region, metadata)), populated }
    }
}

// SAFETY: blocks lie in memory that the buddy was given for itself.
unsafe impl<const B: usize, const L: usize, A: BackingAllocator> Subject for BuddySubject<B, L, A> {
    by_core!();

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        self.held.core.allocate(layout).ok()
    }

    fn legality(&self, model: &Model, layout: Layout) -> Legality {
        if layout.size() == 0 || layout.size().max(layout.align()) > B {
            return Legality::MustFail;
        }
        match self.has_room(model, Self::block_for(layout)) {
            true => Legality::MustSucceed,
            false => Legality::MustFail,
        }
    }

    fn owns(&self, range: Range<usize>) -> bool {
        self.populated.iter().any(|part| part.start <= range.start && range.end <= part.end)
    }
}

/// [`Slab`] under test. Its oracle is exact.
#[derive(Debug)]
pub struct SlabSubject<A: BackingAllocator> {
    name: String,
    held: Held<Slab<A>>,
}

impl<A: BackingAllocator> SlabSubject<A> {
    /// `memory` is dropped after the slab.
    pub fn new(name: &str, slab: Slab<A>, memory: impl Any) -> Self {
        SlabSubject { name: name.to_owned(), held: Held::new(slab, memory) }
    }
}

impl SlabSubject<Raw> {
    /// A slab over memory of its own that is dirty at first.
    ///
    /// # Panics
    /// There can be no such slab.
    pub fn raw(name: &str, block_size: usize, blocks: usize) -> Self {
        let region = Region::new(Slab::<Raw>::region_layout(block_size, blocks).expect("valid"));
        // SAFETY: memory of this layout that outlives the allocator.
        let slab = unsafe { Slab::new_raw(region.pointer(), block_size, blocks) };
        Self::new(name, slab.expect("valid"), region)
    }
}

// SAFETY: blocks lie in memory that the slab was given for itself.
unsafe impl<A: BackingAllocator> Subject for SlabSubject<A> {
    by_core!();

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        self.held.core.allocate(layout).ok()
    }

    fn legality(&self, model: &Model, layout: Layout) -> Legality {
        let slab = &self.held.core;
        let fits = layout.size() <= slab.block_size() && layout.align() <= slab.block_align();
        if fits && model.len() < slab.num_blocks() {
            Legality::MustSucceed
        } else {
            Legality::MustFail
        }
    }

    fn owns(&self, range: Range<usize>) -> bool {
        let span = span(&*self.held.core);
        span.start <= range.start && range.end <= span.end
    }

    fn surroundings(&self) -> Result<(), String> {
        let slab = &self.held.core;
        let live = slab.stats().live_blocks;
        if slab.outstanding() == live && slab.can_allocate() == (live < slab.num_blocks()) {
            Ok(())
        } else {
            Err(format!("{} blocks are outstanding, {live} live", slab.outstanding()))
        }
    }
}

/// [`Bump`] under test.
#[derive(Debug)]
pub struct BumpSubject<A: BackingAllocator> {
    name: String,
    held: Held<Bump<A>>,
    /// All memory there is.
    span: Range<usize>,
    /// The address of the block that was handed out last. Nothing above it is free as long as any block
    /// is live.
    top: usize,
}

impl<A: BackingAllocator> BumpSubject<A> {
    /// `memory` is dropped after the allocator.
    pub fn new(name: &str, bump: Bump<A>, memory: impl Any) -> Self {
        let span = span(&bump);
        let top = span.end;
        BumpSubject { name: name.to_owned(), held: Held::new(bump, memory), span, top }
    }
}

impl BumpSubject<Raw> {
    /// A bump allocator over memory of its own that is dirty at first.
    ///
    /// # Panics
    /// The layout is empty.
    pub fn raw(name: &str, layout: Layout) -> Self {
        let region = Region::new(layout);
        // SAFETY: memory of this layout that outlives the allocator.
        let bump = unsafe { Bump::new_raw(region.pointer(), layout) };
        Self::new(name, bump.expect("valid"), region)
    }
}

// SAFETY: blocks lie in memory that the allocator was given for itself.
unsafe impl<A: BackingAllocator> Subject for BumpSubject<A> {
    by_core!();

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        let block = self.held.core.allocate(layout).ok()?;
        self.top = block.cast::<u8>().as_ptr() as usize;
        Some(block)
    }

    fn legality(&self, model: &Model, layout: Layout) -> Legality {
        if layout.size() == 0 {
            return Legality::MustFail;
        }
        // All comes back with the last block.
        let top = if model.is_empty() { self.span.end } else { self.top };
        match top.checked_sub(layout.size()) {
            Some(start) if start - start % layout.align() >= self.span.start => {
                Legality::MustSucceed
            }
            _ => Legality::MustFail,
        }
    }

    fn owns(&self, range: Range<usize>) -> bool {
        self.span.start <= range.start && range.end <= self.span.end
    }

    fn closeness(&self) -> Closeness {
        Closeness::Ranges
    }
}
