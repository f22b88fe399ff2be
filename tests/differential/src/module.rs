//! The programs over the module's own memory.
//!
//! The heap under test is alone with it: what the harness itself allocates lies in a static.

use std::{
    cell::UnsafeCell,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use bonsai_alloc::{
    Linear, TinyHeap,
    linear::{LinearMemory, Machine, PAGE, Pool},
};

use crate::{Surroundings, drive, program};

/// The number of pages that the harness may use.
const PAGES: usize = 256;

#[repr(align(65536))]
struct Arena(UnsafeCell<[u8; PAGES * PAGE]>);

// SAFETY: the module has one thread.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; PAGES * PAGE]));
static USED: AtomicUsize = AtomicUsize::new(0);

/// Pages of the arena.
struct Static;

// SAFETY: pages of a static that nobody else uses, each handed out once, and zero until then.
unsafe impl LinearMemory for Static {
    fn pages(&self) -> usize {
        USED.load(Relaxed)
    }

    fn grow(&self, pages: usize) -> Option<usize> {
        let before = USED.load(Relaxed);
        USED.store(before.checked_add(pages).filter(|&after| after <= PAGES)?, Relaxed);
        Some(before)
    }

    fn pointer(&self, page: usize) -> *mut u8 {
        ARENA.0.get().cast::<u8>().wrapping_add(page * PAGE)
    }

    fn take_piece(&self) -> Option<Range<usize>> {
        None
    }
}

static POOL: Pool<Static> = Pool::new(Static);

#[global_allocator]
static GLOBAL: TinyHeap<&'static Pool<Static>> = TinyHeap::with_memory(&POOL);

struct Engine;

impl Surroundings for Engine {
    fn origin(&self) -> usize {
        0
    }

    fn pages(&self) -> usize {
        Machine.pages()
    }

    fn foreign(&self, pages: usize) {
        Machine.grow(pages);
    }
}

/// Returns the address at which the module's data ends.
#[unsafe(no_mangle)]
pub extern "C" fn heap_base() -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    (&raw const __heap_base).addr()
}

/// Runs a program, once an instance. Returns where the log is: the address of its address and its
/// length.
#[unsafe(no_mangle)]
pub extern "C" fn log(heap: u32, kind: u32, seed: u32, chunks: u32) -> *const [usize; 2] {
    let operations = program(kind, seed.into(), chunks as usize);
    let log = drive(heap, Linear, Engine, &operations).leak();
    Box::leak(Box::new([log.as_ptr() as usize, log.len()]))
}
