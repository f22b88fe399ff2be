//! The pool of pages as a subject. What it must answer follows from the ranges that it owns and
//! those that it has handed out, which are kept here beside it.

use std::{alloc::Layout, collections::BTreeMap, ops::Range, ptr::NonNull};

use bonsai_alloc::{
    inspect::Inspect,
    linear::{Config, Extent, MAX_PAGES, PAGE, Pool, Simulation},
};

use crate::{Legality, Model, Subject, heaps::OwnedPool};

/// Sizes and addresses of what a pool hands out are multiples of this.
const UNIT: usize = 16;

/// A pool under test: requests are [`Pool::acquire`], requests of zeros [`Pool::acquire_run`],
/// larger in place is [`Pool::extend`], smaller gives the upper part back.
#[derive(Debug)]
pub struct PoolSubject {
    name: String,
    pool: OwnedPool,
    /// The runs that are handed out: address and length.
    live: BTreeMap<usize, usize>,
    /// All that is the pool's: maximal ranges, ascending.
    owned: Vec<Range<usize>>,
    /// The complaint about a request that grew memory although something fitted, or was refused although
    /// something did.
    complaint: Option<String>,
}

impl PoolSubject {
    pub fn new(name: &str, config: Config) -> PoolSubject {
        let pool = OwnedPool::new(config);
        let mut subject = PoolSubject {
            name: name.to_owned(),
            pool,
            live: BTreeMap::new(),
            owned: Vec::new(),
            complaint: None,
        };
        // A pool learns what lies below the first growth when it is first asked for memory.
        let none = subject.pool().reuse(MAX_PAGES * PAGE, UNIT);
        assert!(none.is_none(), "no memory is that large");
        let start = subject.memory().addresses().start - config.first_page * PAGE;
        let below = config
            .heap_base
            .map(|base| (start + base).next_multiple_of(UNIT)..start + config.pages * PAGE);
        subject.owned.extend(below);
        subject
    }

    fn pool(&self) -> &Pool<Simulation> {
        // SAFETY: the reference lives no longer than the subject does.
        unsafe { self.pool.get() }
    }

    fn memory(&self) -> &Simulation {
        self.pool().memory()
    }

    /// The maximal ranges that are free, ascending.
    fn free(&self) -> Vec<Range<usize>> {
        let mut free = Vec::new();
        for range in &self.owned {
            let mut at = range.start;
            for (&start, &length) in self.live.range(range.clone()) {
                free.push(at..start);
                at = start + length;
            }
            free.push(at..range.end);
        }
        free.retain(|range| !range.is_empty());
        free
    }

    fn fits(&self, layout: Layout) -> bool {
        let (size, align) = (layout.size().next_multiple_of(UNIT), layout.align());
        self.free().iter().any(|free| free.start.next_multiple_of(align) + size <= free.end)
    }

    /// A request: takes note of what it grew, and of whether it should have.
    fn request<T>(
        &mut self,
        fits: bool,
        ask: impl FnOnce(&Pool<Simulation>) -> Option<T>,
    ) -> Option<T> {
        let end = self.memory().addresses().end;
        let before = self.pool().stats();
        let answer = ask(self.pool());
        let after = self.pool().stats();
        self.grown(end);
        let grew = after.growths - before.growths;
        if answer.is_some() && grew != usize::from(!fits) {
            self.complaint = Some(format!("grew {grew} times, though fitting was {fits}"));
        }
        if answer.is_none() && after != before {
            self.complaint = Some(format!("refused, yet {before:?} became {after:?}"));
        }
        answer
    }

    /// Takes note of what memory gained beyond `end`.
    fn grown(&mut self, end: usize) {
        let now = self.memory().addresses().end;
        if now > end {
            match self.owned.last_mut() {
                Some(last) if last.end == end => last.end = now,
                _ => self.owned.push(end..now),
            }
        }
    }

    /// Keeps an extent, whose first bytes it makes zero up to where the pool knows that they are.
    fn keep(&mut self, extent: Extent) {
        // SAFETY: handed out just now, and at least that long.
        unsafe { extent.start.write_bytes(0, extent.zero_from.min(extent.len)) };
        self.live.insert(extent.start.as_ptr() as usize, extent.len);
    }
}

// SAFETY: blocks lie in the simulated memory, which lives as long as the subject.
unsafe impl Subject for PoolSubject {
    fn name(&self) -> &str {
        &self.name
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        let fits = self.fits(layout);
        let start = self.request(fits, |pool| pool.acquire(layout))?;
        self.live.insert(start.as_ptr() as usize, layout.size().next_multiple_of(UNIT));
        Some(NonNull::slice_from_raw_parts(start, layout.size()))
    }

    fn zeroed(&mut self, layout: Layout) -> Option<Option<NonNull<[u8]>>> {
        let fits = self.fits(layout);
        let (size, align) = (layout.size(), layout.align());
        let extent = self.request(fits, |pool| pool.acquire_run(size, align));
        Some(extent.map(|extent| {
            self.keep(extent);
            NonNull::slice_from_raw_parts(extent.start, extent.len)
        }))
    }

    unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout) {
        let length = self.live.remove(&(ptr.as_ptr() as usize)).unwrap_or(0);
        if length == layout.size().next_multiple_of(UNIT) {
            // SAFETY: handed out for that layout, by this function's contract, and not used any more.
            unsafe { self.pool().release(ptr, layout) }
        } else {
            // SAFETY: handed out with that length, by this function's contract.
            unsafe { self.pool().release_run(ptr, length) }
        }
    }

    unsafe fn resize_in_place(
        &mut self,
        ptr: NonNull<u8>,
        _: Layout,
        new: Layout,
    ) -> Option<Option<NonNull<[u8]>>> {
        let start = ptr.as_ptr() as usize;
        let length = self.live.get(&start).copied().unwrap_or(0);
        let granted = Some(Some(NonNull::slice_from_raw_parts(ptr, new.size())));
        if new.size() <= length {
            let keep = new.size().max(1).next_multiple_of(UNIT);
            if keep < length {
                // SAFETY: the part behind it is live, and nobody uses it any more.
                let upper = unsafe { ptr.add(keep) };
                // SAFETY: `upper` begins `length - keep` bytes of a live run that nobody uses any more.
                unsafe { self.pool().release_run(upper, length - keep) };
                self.live.insert(start, keep);
            }
            return granted;
        }
        let end = start + length;
        let missing = new.size() - length;
        let behind = self.free().into_iter().find(|free| free.start == end);
        let fits = behind.is_some_and(|free| free.len() >= missing.next_multiple_of(UNIT));
        let Some(extent) = self.request(fits, |pool| pool.extend(end, missing)) else {
            if fits {
                self.complaint = Some(format!("{missing} bytes at {end:#x} refused, though free"));
            }
            return Some(None);
        };
        if extent.start.as_ptr() as usize != end || extent.len < missing {
            self.complaint = Some(format!("asked for {missing} at {end:#x}, got {extent:x?}"));
        }
        self.live.insert(start, length + extent.len);
        granted
    }

    fn legality(&self, _: &Model, layout: Layout) -> Legality {
        if layout.size() == 0 || layout.size() > MAX_PAGES * PAGE {
            Legality::MustFail
        } else if self.fits(layout) {
            Legality::MustSucceed
        } else {
            Legality::Either
        }
    }

    fn owns(&self, range: Range<usize>) -> bool {
        self.owned.iter().any(|owned| owned.start <= range.start && range.end <= owned.end)
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        None
    }

    fn surroundings(&self) -> Result<(), String> {
        if let Some(complaint) = &self.complaint {
            return Err(complaint.clone());
        }
        let free = self.free();
        let should = (free.len(), free.iter().map(Range::len).sum::<usize>());
        let stats = self.pool().stats();
        if (stats.free_runs, stats.free_bytes) != should {
            return Err(format!("{should:?} runs and bytes are free, the pool says {stats:?}"));
        }
        if !self.memory().foreign_intact() {
            return Err("memory was written to that is not the pool's".into());
        }
        Ok(())
    }

    fn foreign(&mut self, pages: usize) {
        self.memory().foreign(pages);
    }

    fn refuse(&mut self, refuse: bool) {
        self.memory().refuse(0, if refuse { usize::MAX } else { 0 });
    }
}
