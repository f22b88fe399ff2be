//! The exercises that every target runs: operations at random on a heap or a core, with every byte
//! looked at, and the end of memory.
//!
//! They need nothing but memory: no standard library, no formatting. A failure is the place that found it.
#![no_std]

mod cores;
#[cfg(target_family = "wasm")]
pub mod fault;
mod heaps;
#[cfg(target_family = "wasm")]
pub mod threads;

pub use cores::{Region, cores};
pub use heaps::{Limits, books, end_of_memory, heap, lives, sound, unknown};

/// The place of a check that failed, as file and line, and a 0 at the end for hosts that read it.
pub type Place = &'static str;

/// Success, or the place of the check that failed.
pub type Outcome = Result<(), Place>;

/// Names the place it stands in.
#[macro_export]
macro_rules! place {
    () => {
        concat!(file!(), ":", line!(), "\0")
    };
}

/// Fails with the place it stands in unless the condition holds.
#[macro_export]
macro_rules! must {
    ($condition:expr) => {
        if !$condition {
            return Err($crate::place!());
        }
    };
}

/// Numbers at random: xorshift, 32 bits.
struct Random(u32);

impl Random {
    /// Returns a number below `end`, which is above 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }
}

/// A block that is in use, and the byte that fills it.
#[derive(Clone, Copy)]
struct Live {
    start: *mut u8,
    size: usize,
    align: usize,
    byte: u8,
}

impl Live {
    /// Fills a new block.
    ///
    /// # Safety
    /// `start` is valid for writing `size` bytes, until the block is freed.
    unsafe fn fill(start: *mut u8, size: usize, align: usize, byte: u8) -> Live {
        // SAFETY: valid for that many bytes, by the contract of `fill`.
        unsafe { start.write_bytes(byte, size) };
        Live { start, size, align, byte }
    }

    /// Returns true if the first `n` bytes are as they were filled.
    fn holds(&self, n: usize) -> bool {
        // SAFETY: `fill` wrote them, and the block is live.
        (0..n.min(self.size)).all(|i| unsafe { self.start.wrapping_add(i).read() } == self.byte)
    }
}
