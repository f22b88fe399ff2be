//! Programs whose every answer goes into a log: what a heap does in a wasm module, over the memory
//! that the engine grows, must be what it does natively over simulated memory.
//!
//! A log has a line for every answer (the address that was handed out, from the start of linear
//! memory) and, now and then, one for what the heap says of itself. The model holds every answer
//! against what is live in both places. A log depends on the size of a word where a heap's own
//! structures do.

#[cfg(target_arch = "wasm32")]
mod module;
#[cfg(not(target_arch = "wasm32"))]
mod native;

use std::{
    alloc::{GlobalAlloc, Layout},
    fmt::Write as _,
    ops::Range,
    ptr::NonNull,
};

use bonsai_alloc::{
    BuddyHeap, BumpHeap, SlabHeap, TinyHeap,
    heap::OneLock,
    inspect::Inspect,
    linear::{PAGE, PageSource},
};
use bonsai_testkit::{
    Closeness, Legality, Model, Operation, Options, Profile, Sizes, Subject, decode::decode,
    fastrand, run,
};

#[cfg(not(target_arch = "wasm32"))]
pub use native::{Place, log};

/// The heaps, by the number under which a program names them.
pub const HEAPS: [&str; 5] = ["Heap", "SlabHeap", "BuddyHeap", "BumpHeap", "TinyHeap"];

/// Every so many operations the heap says what it looks like.
const EVERY: usize = 100;

/// The differences between the two places: the address of memory, and others who can grow it.
trait Surroundings {
    /// The address of linear memory's first byte.
    fn origin(&self) -> usize;
    /// Returns the number of pages.
    fn pages(&self) -> usize;
    /// Somebody else grows.
    fn foreign(&self, pages: usize);
}

/// A program: the same operations for every size of a word.
fn program(kind: u32, seed: u64, chunks: usize) -> Vec<Operation> {
    let mixed = Profile {
        sizes: Sizes::Doublings(1..=1 << 15),
        align: 4096,
        huge: 0,
        zeroed: 1,
        reallocate: 1,
        ..Profile::default()
    };
    let profile = match kind {
        0 => mixed,
        1 => Profile { sizes: Sizes::Doublings(1..=1024), align: 64, ..mixed },
        _ => Profile { sizes: Sizes::Doublings(1..=1 << 17), align: 1 << 16, foreign: 1, ..mixed },
    };
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut operations = Vec::new();
    for _ in 0..chunks {
        let mut bytes = [0; 512];
        rng.fill(&mut bytes);
        operations.extend(decode(&bytes, &profile));
    }
    operations
}

/// Runs a program over a heap, and logs it.
fn drive<M: PageSource>(
    heap: u32,
    memory: M,
    surroundings: impl Surroundings,
    operations: &[Operation],
) -> String {
    use Closeness::{Blocks, Covers};
    match HEAPS[heap as usize] {
        // Natively shards stand before a `Heap`'s lock; the wasm module has one thread, and none.
        "Heap" => {
            logged(OneLock::with_memory(memory), Some(|h| h), Blocks, surroundings, operations)
        }
        "SlabHeap" => {
            logged(SlabHeap::with_memory(memory), Some(|h| h), Blocks, surroundings, operations)
        }
        "BuddyHeap" => {
            logged(BuddyHeap::with_memory(memory), Some(|h| h), Blocks, surroundings, operations)
        }
        "BumpHeap" => {
            logged(BumpHeap::with_memory(memory), Some(|h| h), Covers, surroundings, operations)
        }
        _ => logged(TinyHeap::with_memory(memory), None, Covers, surroundings, operations),
    }
}

fn logged<H: GlobalAlloc, S: Surroundings>(
    heap: H,
    view: Option<fn(&H) -> &dyn Inspect>,
    closeness: Closeness,
    surroundings: S,
    operations: &[Operation],
) -> String {
    let mut subject = Logged { heap, view, closeness, surroundings, asked: 0, log: String::new() };
    let options = Options { check: EVERY, walk: EVERY, paint: 10 * EVERY, largest: 0 };
    let outcome = run(&mut subject, operations, options);
    let pages = subject.surroundings.pages();
    let _ = match outcome {
        Ok(report) => writeln!(subject.log, "end, {pages} pages, {report:?}"),
        Err(failure) => writeln!(subject.log, "failed {failure}"),
    };
    subject.log
}

/// A heap whose answers are logged.
struct Logged<H, S> {
    heap: H,
    view: Option<fn(&H) -> &dyn Inspect>,
    closeness: Closeness,
    surroundings: S,
    /// The number of answers in the log.
    asked: usize,
    log: String,
}

impl<H: GlobalAlloc, S: Surroundings> Logged<H, S> {
    fn answer(&mut self, what: &str, pointer: *mut u8, size: usize) -> Option<NonNull<[u8]>> {
        let block = NonNull::new(pointer);
        let _ = match block {
            Some(_) => {
                let offset = pointer as usize - self.surroundings.origin();
                writeln!(self.log, "{what} {size} {offset:#x}")
            }
            None => writeln!(self.log, "{what} {size} refused"),
        };
        self.asked += 1;
        if self.asked % EVERY == 0 {
            self.look();
        }
        block.map(|block| NonNull::slice_from_raw_parts(block, size))
    }

    /// Logs the heap's view of itself: its sums, and a digest of its blocks.
    fn look(&mut self) {
        let Some(view) = self.view else { return };
        let view = view(&self.heap);
        let mut digest = 0xCBF2_9CE4_8422_2325_u64;
        let mut blocks = 0;
        view.walk(&mut |block| {
            blocks += 1;
            let offset = block.address - self.surroundings.origin();
            for number in [offset as u64, block.size as u64, block.state as u64] {
                digest = (digest ^ number).wrapping_mul(0x0000_0100_0000_01B3);
            }
        });
        let stats = view.stats();
        let _ = writeln!(self.log, "look {blocks} blocks {digest:016x} {stats:?}");
    }
}

// SAFETY: blocks are linear memory's, real or simulated, which outlives the subject.
unsafe impl<H: GlobalAlloc, S: Surroundings> Subject for Logged<H, S> {
    fn name(&self) -> &str {
        "logged"
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>> {
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the size is not 0.
        let pointer = unsafe { self.heap.alloc(layout) };
        self.answer("allocate", pointer, layout.size())
    }

    fn zeroed(&mut self, layout: Layout) -> Option<Option<NonNull<[u8]>>> {
        if layout.size() == 0 {
            return None;
        }
        // SAFETY: the size is not 0.
        let pointer = unsafe { self.heap.alloc_zeroed(layout) };
        Some(self.answer("zeroed", pointer, layout.size()))
    }

    unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: `Subject::deallocate` has the contract of `GlobalAlloc::dealloc`.
        unsafe { self.heap.dealloc(ptr.as_ptr(), layout) }
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
        let pointer = unsafe { self.heap.realloc(ptr.as_ptr(), old, size) };
        Some(self.answer("reallocate", pointer, size))
    }

    fn legality(&self, _: &Model, _: Layout) -> Legality {
        Legality::Either
    }

    fn owns(&self, range: Range<usize>) -> bool {
        let start = self.surroundings.origin();
        start < range.start && range.end <= start + self.surroundings.pages() * PAGE
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.view.map(|view| view(&self.heap))
    }

    fn closeness(&self) -> Closeness {
        self.closeness
    }

    fn foreign(&mut self, pages: usize) {
        self.surroundings.foreign(pages);
    }
}
