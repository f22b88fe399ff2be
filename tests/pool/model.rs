//! A pool beside a model of it, which keeps a set of free ranges.

use std::{ops::Range, ptr::NonNull};

use bonsai_alloc::linear::{Config, LinearMemory, MAX_PAGES, PAGE, Pool, Simulation};
use bonsai_testkit::fastrand::Rng;

use crate::{address, fill, layout, pool};

/// The rules that hold for a pool, kept apart from it.
struct Model {
    pool: Pool<Simulation>,
    /// The runs that are handed out.
    live: Vec<Range<usize>>,
    /// All that is the pool's: maximal ranges.
    owned: Vec<Range<usize>>,
    painted: u8,
}

impl Model {
    fn new(config: Config) -> Model {
        let pool = pool(config);
        // A pool learns what lies below the first growth when it is first asked for memory.
        assert!(pool.reuse(MAX_PAGES * PAGE, 16).is_none());
        let start = pool.memory().addresses().start - config.first_page * PAGE;
        let owned = config
            .heap_base
            .map(|base| (start + base).next_multiple_of(16)..start + config.pages * PAGE);
        Model { pool, live: Vec::new(), owned: owned.into_iter().collect(), painted: 0 }
    }

    /// The maximal ranges that are free.
    fn free(&self) -> Vec<Range<usize>> {
        let mut free = Vec::new();
        for range in &self.owned {
            let mut at = range.start;
            let mut live: Vec<_> = self.live.iter().filter(|l| range.contains(&l.start)).collect();
            live.sort_by_key(|live| live.start);
            for live in live {
                free.push(at..live.start);
                at = live.end;
            }
            free.push(at..range.end);
        }
        free.retain(|range| !range.is_empty());
        free
    }

    /// Takes note of what a growth has added.
    fn grown(&mut self, before: usize) {
        let end = self.pool.memory().addresses().end;
        if end > before {
            match self.owned.last_mut() {
                Some(last) if last.end == before => last.end = end,
                _ => self.owned.push(before..end),
            }
        }
    }

    /// One request; both answers are held against what is free.
    fn acquire(&mut self, size: usize, align: usize, run: bool) {
        let fits = self
            .free()
            .iter()
            .any(|free| free.start.next_multiple_of(align) + size.next_multiple_of(16) <= free.end);
        let before = self.pool.memory().addresses().end;
        let stats = self.pool.stats();
        let (start, len, zero_from) = if run {
            match self.pool.acquire_run(size, align) {
                Some(extent) => (extent.start, extent.len, extent.zero_from),
                None => return self.refused(fits, stats),
            }
        } else {
            match self.pool.acquire(layout(size, align)) {
                Some(start) => (start, size.next_multiple_of(16), usize::MAX),
                None => return self.refused(fits, stats),
            }
        };
        let grew = self.pool.stats().growths - stats.growths;
        assert_eq!(grew, usize::from(!fits), "memory grew though something fits, or did not");
        self.grown(before);
        assert!(len >= size && address(start) % align == 0);
        self.take(start, len, zero_from);
    }

    fn refused(&self, fits: bool, stats: bonsai_alloc::linear::PoolStats) {
        assert!(!fits, "refused, though something fits");
        assert_eq!(self.pool.stats(), stats, "refused, and yet changed");
    }

    fn take(&mut self, start: NonNull<u8>, len: usize, zero_from: usize) {
        let range = address(start)..address(start) + len;
        let within = self.free().iter().any(|f| f.start <= range.start && range.end <= f.end);
        assert!(within, "{range:x?} is not all free");
        let zero = zero_from.min(len);
        // SAFETY: handed out just now, and within the simulated memory, which is initialised.
        let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), len) };
        assert!(bytes[zero..].iter().all(|&byte| byte == 0), "it is not zero from {zero_from} on");
        self.painted = self.painted % 250 + 1;
        fill(start, len, self.painted);
        self.live.push(range);
    }

    fn pointer(&self, at: usize) -> NonNull<u8> {
        let offset = at - self.pool.memory().addresses().start;
        let first = self.pool.memory().pointer(0);
        NonNull::new(first.wrapping_add(offset)).unwrap()
    }

    /// Gives back a live range, or its upper part.
    fn give(&mut self, at: usize, part: bool) {
        let range = self.live[at].clone();
        let keep = if part { (range.len() / 2).next_multiple_of(16) } else { 0 };
        let back = range.start + keep..range.end;
        if back.is_empty() {
            return;
        }
        // SAFETY: handed out, a multiple of 16, and not used any more.
        unsafe { self.pool.release_run(self.pointer(back.start), back.len()) };
        if keep == 0 {
            self.live.swap_remove(at);
        } else {
            self.live[at] = range.start..back.start;
        }
    }

    fn extend(&mut self, at: usize, len: usize) {
        let end = self.live[at].end;
        let before = self.pool.memory().addresses().end;
        let behind = self.free().into_iter().find(|free| free.start == end);
        let fits = behind.as_ref().is_some_and(|free| free.len() >= len.next_multiple_of(16));
        let at_the_end = behind.map_or(end, |free| free.end) == before;
        let growths = self.pool.stats().growths;
        let extent = self.pool.extend(end, len);
        self.grown(before);
        let grew = self.pool.stats().growths - growths;
        match extent {
            Some(extent) => {
                assert_eq!(address(extent.start), end);
                assert!(extent.len >= len && (fits || at_the_end));
                assert_eq!(grew, usize::from(!fits));
                self.take(extent.start, extent.len, extent.zero_from);
            }
            None => {
                assert!(!fits, "what follows is free, and was refused");
                assert_eq!(grew, 0);
            }
        }
    }

    fn check(&self) {
        let free = self.free();
        let stats = self.pool.stats();
        assert_eq!(stats.free_runs, free.len());
        assert_eq!(stats.free_bytes, free.iter().map(Range::len).sum::<usize>());
        assert!(self.pool.memory().foreign_intact());
    }
}

#[test]
fn a_pool_does_what_its_model_says() {
    let configs = [
        Config { pages: 1, max_pages: 300, ..Config::default() },
        Config { pages: 3, max_pages: 300, heap_base: Some(PAGE + 1234), ..Config::default() },
        Config { pages: 9, max_pages: 9, heap_base: Some(8), ..Config::default() },
    ];
    for (seed, config) in configs.into_iter().cycle().take(9).enumerate() {
        let mut rng = Rng::with_seed(seed as u64);
        let mut model = Model::new(config);
        for step in 0..3_000 {
            let any = model.live.len().checked_sub(1).map(|last| rng.usize(0..=last));
            let doubling = rng.u32(4..19);
            let size = rng.usize(1..1 << doubling);
            let most = if rng.bool() { 2 } else { 14 };
            let align = 16 << rng.u32(0..most);
            match (rng.u8(0..100), any) {
                (0..30, _) if model.live.len() < 60 => model.acquire(size, align, false),
                (30..45, _) if model.live.len() < 60 => model.acquire(size, align, true),
                (45..80, Some(at)) => model.give(at, false),
                (80..88, Some(at)) => model.give(at, true),
                (88..97, Some(at)) => model.extend(at, size),
                (97, _) => model.pool.memory().refuse(0, rng.usize(0..5)),
                (98, _) => {
                    model.pool.memory().foreign(rng.usize(1..3));
                }
                _ => {}
            }
            if step % 16 == 0 {
                model.check();
            }
        }
        while !model.live.is_empty() {
            model.give(0, false);
        }
        model.check();
        assert!(model.pool.stats().growths > 3 || config.pages == config.max_pages);
    }
}
