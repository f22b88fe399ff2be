//! The RISC-V: start, the critical section.

use core::arch::{asm, global_asm};

// Sets the stack up, and goes on in Rust.
global_asm!(
    ".pushsection .start, \"ax\"",
    ".global start",
    "start:",
    "la sp, stack_top",
    "j begin",
    ".popsection"
);

#[unsafe(no_mangle)]
extern "C" fn begin() -> ! {
    super::main()
}

/// Calls the emulator.
///
/// # Safety
/// `argument` is what semihosting's operation demands.
pub unsafe fn call(operation: usize, argument: usize) -> usize {
    let answer;
    // SAFETY: the contract of `call`; the three instructions mark the call, and do nothing else.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inout("a0") operation => answer,
            in("a1") argument,
        );
    }
    answer
}

struct Interrupts;
critical_section::set_impl!(Interrupts);

const ENABLED: u32 = 8;

// SAFETY: there is one core, and no interrupt is served between the two calls.
unsafe impl critical_section::Impl for Interrupts {
    unsafe fn acquire() -> bool {
        let status: u32;
        // SAFETY: reads and masks interrupts.
        unsafe { asm!("csrrci {}, mstatus, 8", out(reg) status) };
        status & ENABLED != 0
    }

    unsafe fn release(were_on: bool) {
        if were_on {
            // SAFETY: as it was before `acquire`.
            unsafe { asm!("csrsi mstatus, 8") };
        }
    }
}
