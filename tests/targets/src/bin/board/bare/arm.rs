//! The Cortex-M0: vectors, the critical section, the timer that interrupts.

use core::{arch::asm, cell::UnsafeCell, ptr};

use bonsai_targets::{Outcome, must};

type Vector = unsafe extern "C" fn();

/// The vectors behind the stack pointer: reset is the first, the system's timer the 15th.
#[used]
#[unsafe(link_section = ".vectors")]
static VECTORS: [Vector; 15] = {
    let mut vectors = [stuck as Vector; 15];
    vectors[0] = reset;
    vectors[14] = tick;
    vectors
};

#[unsafe(no_mangle)]
unsafe extern "C" fn reset() {
    super::main()
}

unsafe extern "C" fn stuck() {
    super::semihosting::exit(3)
}

/// Calls the emulator.
///
/// # Safety
/// `argument` is what semihosting's operation demands.
pub unsafe fn call(operation: usize, argument: usize) -> usize {
    let answer;
    // SAFETY: the contract of `call`; the emulator returns to the next instruction.
    unsafe { asm!("bkpt #0xAB", inout("r0") operation => answer, in("r1") argument) };
    answer
}

struct Interrupts;
critical_section::set_impl!(Interrupts);

// SAFETY: there is one core, and no interrupt is served between the two calls.
unsafe impl critical_section::Impl for Interrupts {
    unsafe fn acquire() -> bool {
        let masked: u32;
        // SAFETY: reads a register.
        unsafe { asm!("mrs {}, PRIMASK", out(reg) masked) };
        // SAFETY: masks interrupts.
        unsafe { asm!("cpsid i") };
        masked & 1 == 0
    }

    unsafe fn release(were_on: bool) {
        if were_on {
            // SAFETY: as it was before `acquire`.
            unsafe { asm!("cpsie i") };
        }
    }
}

/// Registers of the system's timer: control, reload, value.
const TIMER: [*mut u32; 3] = [
    ptr::without_provenance_mut(0xE000_E010),
    ptr::without_provenance_mut(0xE000_E014),
    ptr::without_provenance_mut(0xE000_E018),
];

/// The handler's own: the number of its runs, and a block.
struct Ticks(UnsafeCell<(u32, *mut u8)>);

// SAFETY: the handler alone uses it while the timer runs, which does not interrupt itself.
unsafe impl Sync for Ticks {}

static TICKS: Ticks = Ticks(UnsafeCell::new((0, ptr::null_mut())));

unsafe extern "C" fn tick() {
    // SAFETY: nobody else uses it while the timer runs.
    let (count, kept) = unsafe { &mut *TICKS.0.get() };
    *count += 1;
    super::from_an_interrupt(kept);
}

/// Runs `f` while a timer's handler allocates and frees on the same heap.
pub fn interrupted(f: impl FnOnce() -> Outcome) -> Outcome {
    const CYCLES: u32 = 2000;
    // Value first, then control with clock, interrupt and enable.
    for (register, value) in [(1, CYCLES), (2, 0), (0, 7)] {
        // SAFETY: the timer's registers, which are there on every Cortex-M0 that has it.
        unsafe { TIMER[register].write_volatile(value) };
    }
    let outcome = f();
    // SAFETY: stops the timer.
    unsafe { TIMER[0].write_volatile(0) };
    // SAFETY: the timer has stopped.
    let (count, kept) = unsafe { &mut *TICKS.0.get() };
    must!(*count > 10);
    if !kept.is_null() {
        super::from_an_interrupt(kept);
    }
    outcome
}
