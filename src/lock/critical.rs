//! The program's critical section, by the crate `critical-section`.
//!
//! A processor without compare-and-swap cannot have a lock of its own. Which other way is sound
//! depends on the machine (interrupts off where there is one core, a hardware lock where there are
//! two, a call where there is an operating system), so the program installs it, as a rule by a
//! feature of its hardware's crate. A program that installs none is told so by the linker, which
//! lacks `_critical_section_1_0_acquire`.

/// The gate of a lock.
#[derive(Debug)]
pub(super) struct Gate;

impl Gate {
    pub(super) const fn new() -> Self {
        Gate
    }

    /// Runs `f`, alone.
    #[expect(clippy::unused_self, reason = "the other gates have a state")]
    #[inline(always)]
    pub(super) fn pass<R>(&self, f: impl FnOnce() -> R) -> R {
        critical_section::with(|_| f())
    }
}
