//! A linear memory for native tests: it grows as wasm's does, and fails as nothing else would.

use core::{ops::Range, ptr::NonNull};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use super::{LinearMemory, PAGE};
use crate::provenance;

/// Addresses are equal to those of a real linear memory up to this alignment.
const ALIGN: usize = 1 << 24;
/// The byte that fills the memory below the first growth: it is nobody's to trust.
const DIRT: u8 = 0xA5;
/// The byte that fills foreign pages.
const FOREIGN: u8 = 0xF0;

/// The shape of a [`Simulation`].
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Pages `0..first_page` are not there to be touched; for memories that begin near 4 GiB.
    pub first_page: usize,
    /// The number of pages at the start, those before `first_page` included.
    pub pages: usize,
    /// The number of pages at most.
    pub max_pages: usize,
    /// The offset in linear memory at which the program's data ends, if what follows up to the
    /// first growth may be used.
    pub heap_base: Option<usize>,
}

impl Default for Config {
    /// One page of data, nothing below the first growth, 16 MiB at most.
    fn default() -> Self {
        Config { first_page: 0, pages: 1, max_pages: 256, heap_base: None }
    }
}

#[derive(Debug)]
struct State {
    pages: usize,
    growths: usize,
    attempts: usize,
    refused: Range<usize>,
    foreign_next: usize,
    /// The memory below the first growth was handed out.
    taken: bool,
    foreign: Vec<Range<usize>>,
}

/// A linear memory that exists in the host's, with faults on demand: growth refused from any
/// point on, or once; pages that somebody else grows, now or in the instant before the next growth;
/// an end at 4 GiB.
///
/// Fresh pages are zero, as in wasm. Memory below the first growth is not.
#[derive(Debug)]
pub struct Simulation {
    block: NonNull<u8>,
    layout: Layout,
    /// The pointer to page `config.first_page`.
    first: *mut u8,
    config: Config,
    state: Mutex<State>,
}

// SAFETY: the pages are raw memory, and all else is behind a mutex.
unsafe impl Send for Simulation {}
// SAFETY: all that changes is behind the mutex, or is raw memory that its users share.
unsafe impl Sync for Simulation {}

impl Simulation {
    /// A memory of that shape.
    ///
    /// # Panics
    /// If the shape contradicts itself or the host has no memory for it.
    pub fn new(config: Config) -> Self {
        assert!(
            config.first_page <= config.pages && config.pages <= config.max_pages,
            "first_page <= pages <= max_pages does not hold: {config:?}"
        );
        let data = config.first_page.saturating_mul(PAGE)..=config.pages.saturating_mul(PAGE);
        assert!(
            config.heap_base.is_none_or(|base| data.contains(&base)),
            "heap_base is not in the pages that are there at the start: {config:?}"
        );
        // One more than there are to hand out, behind them.
        let pages = (config.max_pages - config.first_page).checked_add(1);
        let bytes = pages.and_then(|pages| pages.checked_mul(PAGE)?.checked_add(2 * ALIGN));
        let layout = bytes.and_then(|bytes| Layout::from_size_align(bytes, PAGE).ok());
        let layout = layout.expect("the host has no addresses for so many pages");
        // SAFETY: the size is not 0.
        let block = NonNull::new(unsafe { System.alloc(layout) }).expect("the host has no memory");
        let pad = provenance::address(block).wrapping_neg() % ALIGN;
        let first = block.as_ptr().wrapping_add(pad + config.first_page.wrapping_mul(PAGE) % ALIGN);
        let state = State {
            pages: config.pages,
            growths: 0,
            attempts: 0,
            refused: 0..0,
            foreign_next: 0,
            taken: false,
            foreign: Vec::new(),
        };
        let simulation = Simulation { block, layout, first, config, state: Mutex::new(state) };
        simulation.fill(config.first_page..config.pages, DIRT);
        simulation
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, pages: Range<usize>, byte: u8) {
        // SAFETY: pages of this memory that nobody uses yet.
        unsafe { self.pointer(pages.start).write_bytes(byte, pages.len() * PAGE) };
    }

    /// Refuses the next growths, from the one after `granted` more on, `count` of them.
    pub fn refuse(&self, granted: usize, count: usize) {
        let mut state = self.state();
        let start = state.attempts.saturating_add(granted);
        state.refused = start..start.saturating_add(count);
    }

    /// Grows `pages` pages for somebody else, who writes into all of them. False where there is
    /// no room.
    pub fn foreign(&self, pages: usize) -> bool {
        let mut state = self.state();
        let start = state.pages;
        if pages > self.config.max_pages - start {
            return false;
        }
        state.pages += pages;
        state.foreign.push(start..start + pages);
        self.fill(start..start + pages, FOREIGN);
        true
    }

    /// Lets somebody else grow `pages` pages in the instant before the next growth.
    pub fn foreign_before_next(&self, pages: usize) {
        self.state().foreign_next = pages;
    }

    /// True if nobody has written to a foreign page, nor to the program's data.
    pub fn foreign_intact(&self) -> bool {
        let state = self.state();
        let intact = |start: *mut u8, len: usize, byte: u8| {
            // SAFETY: memory of this simulation, which was filled; heaps never lend it out.
            let bytes = unsafe { core::slice::from_raw_parts(start, len) };
            // Two slices compare fast without optimization too.
            *bytes == *std::vec![byte; len]
        };
        let data_end = self.config.heap_base.unwrap_or(self.config.pages * PAGE);
        let data = data_end - self.config.first_page * PAGE;
        intact(self.first, data, DIRT)
            && state
                .foreign
                .iter()
                .all(|pages| intact(self.pointer(pages.start), pages.len() * PAGE, FOREIGN))
    }

    /// The number of growths that succeeded.
    pub fn growths(&self) -> usize {
        self.state().growths
    }

    /// The number of growths that were tried.
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }

    /// The range of addresses of all pages there are now.
    pub fn addresses(&self) -> Range<usize> {
        let pages = self.state().pages;
        self.first.addr()..self.pointer(pages).addr()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; heaps and cores over it borrow the pool it is in.
        unsafe { System.dealloc(self.block.as_ptr(), self.layout) };
    }
}

// SAFETY: pages are handed out once, cleared, and live as long as the simulation does.
unsafe impl LinearMemory for Simulation {
    fn pages(&self) -> usize {
        self.state().pages
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        let foreign = core::mem::take(&mut self.state().foreign_next);
        if foreign > 0 {
            self.foreign(foreign);
        }
        let mut state = self.state();
        let attempt = state.attempts;
        state.attempts += 1;
        let before = state.pages;
        if state.refused.contains(&attempt) || before.checked_add(pages)? > self.config.max_pages {
            return None;
        }
        state.pages += pages;
        state.growths += 1;
        self.fill(before..before + pages, 0);
        Some(before)
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        let offset = page.wrapping_sub(self.config.first_page).wrapping_mul(PAGE);
        self.first.wrapping_add(offset)
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        let base = self.config.heap_base?;
        if core::mem::replace(&mut self.state().taken, true) {
            return None;
        }
        let start = self.first.wrapping_add(base.wrapping_sub(self.config.first_page * PAGE));
        Some(start.addr()..self.pointer(self.config.pages).addr())
    }
}
