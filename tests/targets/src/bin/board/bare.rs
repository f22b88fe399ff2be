//! The program: memory for one heap, or for the cores.

#[cfg_attr(target_arch = "arm", path = "bare/arm.rs")]
#[cfg_attr(target_arch = "riscv32", path = "bare/riscv.rs")]
mod processor;
mod semihosting;

use core::{
    cell::UnsafeCell,
    ptr::{self, NonNull},
};

use bonsai_alloc::{BuddyHeap, BumpHeap, Heap, SlabHeap, TinyHeap, linear::Machine};
use bonsai_targets::{
    Limits, Outcome, Region, books, cores, end_of_memory, heap, must, place, sound, unknown,
};

/// Bytes of memory for heaps.
const BYTES: usize = 9 << 10;

/// The linker script aligns it to a region: a type that is aligned so would be as large as two of them.
#[repr(align(16))]
struct Memory(UnsafeCell<[u8; BYTES]>);

// SAFETY: `main` alone uses it, once.
unsafe impl Sync for Memory {}

#[unsafe(link_section = ".memory")]
static MEMORY: Memory = Memory(UnsafeCell::new([0; BYTES]));

static HEAP: Heap = Heap::new();
static SLAB: SlabHeap = SlabHeap::new();

const LIMITS: Limits = Limits { operations: 3000, largest: 160, align: 64, tight: true };

/// Gives the machine parts of the memory, as offsets and lengths.
fn provide(parts: &[(usize, usize)]) -> Outcome {
    for &(offset, len) in parts {
        let Some(start) = NonNull::new(MEMORY.0.get().cast::<u8>().wrapping_add(offset)) else {
            return Err(place!());
        };
        // SAFETY: a part of a static that nobody else uses; no two of them overlap.
        let used = unsafe { Machine::provide(start, len) };
        must!(used.is_ok_and(|bytes| bytes + 32 > len));
    }
    Ok(())
}

const WHOLE: [(usize, usize); 1] = [(0, BYTES)];

/// Runs one exercise. The smaller heaps stand on the stack: RAM has no room for the states of all.
fn run(what: &[u8]) -> Outcome {
    match what {
        b"cores" => {
            let region = MEMORY.0.get().cast::<Region>();
            must!(region.is_aligned());
            // SAFETY: aligned, larger than a region, and nobody else uses it in this run.
            cores(unsafe { &mut *region })
        }
        // Pieces of odd addresses and sizes, the last one below what the heap has by then.
        b"heap" => {
            provide(&[(8100, BYTES - 8100), (3003, 5000)])?;
            let few = end_of_memory(&HEAP, || books(&HEAP), 64, true)?;
            must!(few > 85);
            provide(&[(1, 3001)])?;
            heap(&HEAP, || books(&HEAP), LIMITS)?;
            must!(end_of_memory(&HEAP, || books(&HEAP), 64, true)? > few + 40);
            Ok(())
        }
        b"slab" => {
            provide(&WHOLE)?;
            heap(&SLAB, || books(&SLAB), LIMITS)?;
            end_of_memory(&SLAB, || books(&SLAB), 64, true).map(drop)
        }
        b"buddy" => {
            let buddy = BuddyHeap::new();
            provide(&WHOLE)?;
            heap(&buddy, || books(&buddy), LIMITS)?;
            end_of_memory(&buddy, || books(&buddy), 64, true).map(drop)
        }
        b"bump" => {
            let bump = BumpHeap::new();
            provide(&WHOLE)?;
            let few = Limits { operations: 60, ..LIMITS };
            heap(&bump, || sound(&bump), few)?;
            end_of_memory(&bump, || sound(&bump), 8, false).map(drop)
        }
        b"tiny" => {
            let tiny = TinyHeap::new();
            provide(&WHOLE)?;
            heap(&tiny, unknown, LIMITS)?;
            end_of_memory(&tiny, unknown, 64, true).map(drop)
        }
        #[cfg(target_arch = "arm")]
        b"interrupts" => {
            provide(&WHOLE)?;
            // The handler's block is live or is not.
            processor::interrupted(|| heap(&HEAP, || sound(&HEAP), LIMITS))
        }
        _ => Err(place!()),
    }
}

/// Runs what the command line says, and ends the emulator.
fn main() -> ! {
    let mut text = [0; 64];
    let arguments = semihosting::command_line(&mut text);
    let what = arguments.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    let outcome = run(what);
    semihosting::say(outcome.err().unwrap_or("ok\0"));
    semihosting::say("\n\0");
    semihosting::exit(u32::from(outcome.is_err()))
}

/// Frees or allocates a block of the heap that is being exercised, as an interrupt handler would.
#[cfg_attr(target_arch = "riscv32", expect(dead_code, reason = "no handler of interrupts there"))]
fn from_an_interrupt(kept: &mut *mut u8) {
    use core::alloc::{GlobalAlloc, Layout};
    const LAYOUT: Layout = Layout::new::<[usize; 6]>();
    if kept.is_null() {
        // SAFETY: the size is above 0.
        *kept = unsafe { HEAP.alloc(LAYOUT) };
    } else {
        let block = core::mem::replace(kept, ptr::null_mut());
        // SAFETY: allocated with that layout, and forgotten.
        unsafe { HEAP.dealloc(block, LAYOUT) };
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    semihosting::say("a panic\n\0");
    semihosting::exit(2)
}
