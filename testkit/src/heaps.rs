//! Heaps as subjects, over linear memory that is simulated.

use std::{
    alloc::{GlobalAlloc, Layout},
    fmt,
    ops::Range,
    ptr::NonNull,
};

use bonsai_alloc::{
    TinyHeap,
    inspect::{Block, Inspect, State},
    linear::{Config, LinearMemory, PAGE, Pool, Simulation},
};

use crate::{Closeness, Legality, Model, Placed, Promise, Subject};

/// A pool over a simulated linear memory, at an address that stays.
#[derive(Debug)]
pub struct OwnedPool(*mut Pool<Simulation>);

impl OwnedPool {
    pub fn new(config: Config) -> OwnedPool {
        OwnedPool(Box::into_raw(Box::new(Pool::new(Simulation::new(config)))))
    }

    /// The pool.
    ///
    /// # Safety
    /// The reference is not used any more when the owner is dropped.
    pub unsafe fn get<'a>(&self) -> &'a Pool<Simulation> {
        // SAFETY: there until the drop.
        unsafe { &*self.0 }
    }
}

impl Drop for OwnedPool {
    fn drop(&mut self) {
        // SAFETY: from `Box::into_raw`; by the contract of `get` nobody uses it any more.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// A heap under test, and the linear memory that it is alone with.
pub struct HeapSubject<H> {
    name: String,
    /// Dropped by hand, before the pool.
    heap: Option<Box<H>>,
    pool: OwnedPool,
    config: Config,
    /// Addresses that somebody else grew.
    foreign: Vec<Range<usize>>,
    refusing: bool,
    view: Option<fn(&H) -> &dyn Inspect>,
    /// The free blocks, of a heap with no view.
    free: Option<fn(&H) -> Vec<Block>>,
    closeness: Closeness,
    promise: Promise,
}

impl<H> fmt::Debug for HeapSubject<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeapSubject").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<H: GlobalAlloc> HeapSubject<H> {
    /// A heap that `make` makes over a simulated memory.
    pub fn new(name: &str, config: Config, make: fn(&'static Pool<Simulation>) -> H) -> Self {
        let pool = OwnedPool::new(config);
        // SAFETY: `drop` drops it after the heap, the only one who keeps the reference.
        let heap = make(unsafe { pool.get() });
        HeapSubject {
            name: name.to_owned(),
            heap: Some(Box::new(heap)),
            pool,
            config,
            foreign: Vec::new(),
            refusing: false,
            view: None,
            free: None,
            closeness: Closeness::Blocks,
            promise: Promise::Nothing,
        }
    }

    /// The heap can be looked into.
    pub fn with_view(mut self, view: fn(&H) -> &dyn Inspect) -> Self {
        self.view = Some(view);
        self
    }

    /// The heap's view is no closer than that.
    pub fn with_closeness(mut self, closeness: Closeness) -> Self {
        self.closeness = closeness;
        self
    }

    /// The heap shows its free blocks and nothing else.
    pub fn with_free(mut self, free: fn(&H) -> Vec<Block>) -> Self {
        self.free = Some(free);
        self
    }

    /// The heap keeps this promise.
    pub fn with_promise(mut self, promise: Promise) -> Self {
        self.promise = promise;
        self
    }

    /// The heap.
    pub fn heap(&self) -> &H {
        self.heap.as_deref().expect("there until the drop")
    }

    /// The memory under the heap.
    pub fn pool(&self) -> &Pool<Simulation> {
        // SAFETY: the reference lives no longer than the subject does.
        unsafe { self.pool.get() }
    }

    fn simulation(&self) -> &Simulation {
        self.pool().memory()
    }

    /// The blocks in address order: all that the view shows, or the free ones.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        if let Some(view) = self.view {
            view(self.heap()).walk(&mut |block| blocks.push(block));
        } else if let Some(free) = self.free {
            blocks = free(self.heap());
            blocks.sort_by_key(|block| block.address);
        }
        blocks
    }

    fn block(&self, pointer: *mut u8, size: usize) -> Option<NonNull<[u8]>> {
        Some(NonNull::slice_from_raw_parts(NonNull::new(pointer)?, size))
    }
}

impl<H> Drop for HeapSubject<H> {
    fn drop(&mut self) {
        self.heap = None;
    }
}

// SAFETY: blocks lie in the simulated memory, which lives as long as the subject.
unsafe impl<H: GlobalAlloc> Subject for HeapSubject<H> {
    fn name(&self) -> &str {
        &self.name
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        // A `GlobalAlloc` is never asked for nothing.
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the size is not 0.
        self.block(unsafe { self.heap().alloc(layout) }, layout.size())
    }

    fn zeroed(&mut self, layout: Layout) -> Option<Option<NonNull<[u8]>>> {
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the size is not 0.
        Some(self.block(unsafe { self.heap().alloc_zeroed(layout) }, layout.size()))
    }

    unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `Subject::deallocate` has the contract of `GlobalAlloc::dealloc`.
        unsafe { self.heap().dealloc(ptr.as_ptr(), layout) }
    }

    unsafe fn reallocate(
        &mut self,
        ptr: NonNull<u8>,
        old: Layout,
        size: usize,
    ) -> Option<Option<NonNull<[u8]>>> {
        if size == 0 {
            return None;
        }
        // SAFETY: a live block of that layout, by this function's contract; the size is not 0.
        Some(self.block(unsafe { self.heap().realloc(ptr.as_ptr(), old, size) }, size))
    }

    fn legality(&self, _: &Model, layout: Layout) -> Legality {
        let most = self.config.max_pages * PAGE;
        if layout.size() == 0 || layout.size() > most || layout.align() > most {
            return Legality::MustFail;
        }
        // What the largest overhead may come to: rounding to a power of two, alignment to that,
        // metadata that moves.
        let need = 4 * layout.size().max(layout.align()).next_power_of_two() + 4 * PAGE;
        let room = (self.config.max_pages - self.simulation().pages()) * PAGE;
        if !self.refusing && need <= room { Legality::MustSucceed } else { Legality::Either }
    }

    fn refused(&self, layout: Layout, holder: Option<Placed>) -> Result<(), String> {
        // This subject refuses a request of no bytes, and not the heap.
        if layout.size() == 0 {
            return Ok(());
        }
        let blocks = self.blocks();
        let free: Vec<Block> =
            blocks.iter().copied().filter(|block| block.state == State::Free).collect();
        // With feature `checked` the heap asks for a red zone more, of one of several sizes.
        let with = |zone| Layout::from_size_align(layout.size() + zone, layout.align()).ok();
        let (least, most) = zone();
        let (Some(least), Some(layout)) = (with(least), with(most)) else { return Ok(()) };
        if self.promise.broken(&free, least).is_some() {
            if let Some(run) = self.promise.broken(&free, layout) {
                return Err(format!("{layout:?} is refused, though {run:#x?} is free"));
            }
        }
        // An exact heap grows a block into the free memory behind it.
        let (Promise::Exact { .. }, Some(holder)) = (self.promise, holder) else { return Ok(()) };
        let at = blocks.partition_point(|block| block.end() <= holder.address());
        let behind = blocks.iter().skip(at + 1).take_while(|block| block.state == State::Free);
        let own = blocks.get(at).map_or(holder.end(), Block::end);
        let end = behind.last().map_or(own, Block::end);
        if layout.size() <= end - holder.address() {
            return Err(format!(
                "{holder:x?} cannot become {layout:?}, though all is free up to {end:#x}"
            ));
        }
        Ok(())
    }

    fn largest(&self) -> Option<usize> {
        if self.promise == Promise::Nothing {
            return None;
        }
        let largest = match self.view {
            Some(view) => view(self.heap()).stats().largest_free,
            None => self.free?(self.heap()).iter().map(|block| block.size).max()?,
        };
        Some(largest.saturating_sub(zone().1))
    }

    fn owns(&self, range: Range<usize>) -> bool {
        let all = self.simulation().addresses();
        let data_end = match self.config.heap_base {
            Some(base) => base,
            None => self.config.pages * PAGE,
        };
        let start = all.start + (data_end - self.config.first_page * PAGE);
        start <= range.start
            && range.end <= all.end
            && self.foreign.iter().all(|f| range.end <= f.start || f.end <= range.start)
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.view.map(|view| view(self.heap()))
    }

    fn closeness(&self) -> Closeness {
        self.closeness
    }

    fn surroundings(&self) -> Result<(), String> {
        if self.simulation().foreign_intact() {
            Ok(())
        } else {
            Err("memory was written to that somebody else grew, or the program's data".into())
        }
    }

    fn foreign(&mut self, pages: usize) {
        let start = self.simulation().addresses().end;
        if self.simulation().foreign(pages) {
            self.foreign.push(start..self.simulation().addresses().end);
        }
    }

    fn refuse(&mut self, refuse: bool) {
        self.refusing = refuse;
        self.simulation().refuse(0, if refuse { usize::MAX } else { 0 });
    }
}

/// The fewest and the most bytes that a heap asks itself for beyond what it is asked for: none, or a
/// red zone where the library was built with feature `checked`.
fn zone() -> (usize, usize) {
    // A word is a class of its own, so the smallest red zone shows.
    let checked = TinyHeap::new().usable_size(Layout::new::<u64>()) != size_of::<u64>();
    if checked { (16, 31) } else { (0, 0) }
}
