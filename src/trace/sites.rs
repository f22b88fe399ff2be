//! The places that allocations come from: a hook, called for a sample of them.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::threads::here;

/// A hook that returns the place in the program for allocations that are sampled.
///
/// On wasm a call out of the module to capture JavaScript's stack takes microseconds, so it must
/// be rare: [`Traced::sample`](super::Traced::sample) says how rare. Without a hook ([`NoSites`])
/// nothing is sampled, and nothing imported. [`javascript_sites!`](crate::javascript_sites) defines
/// the hook that the page knows.
///
/// # Example
/// ```
/// use bonsai_alloc::{SlabHeap, trace::{Sites, Traced}};
///
/// enum Phase {}
///
/// impl Sites for Phase {
///     fn site(_: usize) -> usize {
///         7 // in a wasm module: an imported function that captures the stack and numbers it
///     }
/// }
///
/// #[global_allocator]
/// static HEAP: Traced<SlabHeap, Phase> = Traced::new(SlabHeap::new());
/// # fn main() {}
/// ```
pub trait Sites {
    /// True if anything is sampled at all.
    const SAMPLES: bool = true;

    /// Returns a number for the place from which the program allocates `size` bytes. It may allocate;
    /// its allocations are not sampled.
    fn site(size: usize) -> usize;

    /// Returns a number that no other running thread has, 0 to tell none; records number threads in the order of
    /// their first ones. It must not allocate.
    ///
    /// As it is, it tells threads apart natively, on Emscripten and on wasm32-wasip1-threads. On
    /// wasm32-unknown-unknown with threads a thread counts as another one for each 64 KiB of its stack that it uses,
    /// unless the program says better, without a look into thread-local storage, which a thread may not have yet:
    /// ```
    /// # use bonsai_alloc::trace::Sites;
    /// enum Threads {}
    ///
    /// impl Sites for Threads {
    ///     const SAMPLES: bool = false;
    ///     fn site(_: usize) -> usize {
    ///         0
    ///     }
    ///     fn thread() -> usize {
    ///         thread_local!(static HERE: () = const {});
    ///         HERE.try_with(|here| core::ptr::from_ref(here).addr()).unwrap_or(0)
    ///     }
    /// }
    /// # assert!(Threads::thread() != 0);
    /// ```
    /// [`javascript_sites!`](crate::javascript_sites) does it so.
    fn thread() -> usize {
        here()
    }
}

/// No hook: nothing is sampled.
#[derive(Clone, Copy, Debug)]
pub enum NoSites {}

impl Sites for NoSites {
    const SAMPLES: bool = false;

    fn site(_: usize) -> usize {
        0
    }
}

/// Defines a type with the hook that the page knows: it calls `globalThis.bonsaiSite(size)`, which
/// captures JavaScript's stack, the functions of the module included, and returns its number.
///
/// For modules that wasm-bindgen makes: the crate `wasm-bindgen` is among the program's own
/// dependencies. Whoever sets a sampling rate defines `bonsaiSite` before, as the page does; the
/// function must not call the module.
///
/// # Example
/// The crate has no wasm-bindgen, so this is built in the repository's `demo`.
/// ```ignore
/// use bonsai_alloc::{Heap, trace::Traced};
///
/// bonsai_alloc::javascript_sites!(Stack);
///
/// #[global_allocator]
/// static HEAP: Traced<Heap, Stack> = Traced::new(Heap::new());
/// bonsai_alloc::inspectable!(HEAP);
/// bonsai_alloc::traceable!(HEAP);
/// ```
#[macro_export]
macro_rules! javascript_sites {
    ($visibility:vis $name:ident) => {
        /// The hook of the trace: JavaScript's stack.
        #[derive(Clone, Copy, Debug)]
        $visibility enum $name {}

        const _: () = {
            use ::wasm_bindgen::prelude::wasm_bindgen;

            #[wasm_bindgen]
            extern "C" {
                #[wasm_bindgen(js_namespace = globalThis, js_name = bonsaiSite)]
                fn bonsai_site(size: usize) -> usize;
            }

            impl $crate::trace::Sites for $name {
                fn site(size: usize) -> usize {
                    bonsai_site(size)
                }

                #[cfg(target_feature = "atomics")]
                fn thread() -> usize {
                    ::std::thread_local!(static HERE: () = const {});
                    HERE.try_with(|here| ::core::ptr::from_ref(here).addr()).unwrap_or(0)
                }
            }
        };
    };
}

/// Decides which allocations are sampled.
///
/// The bytes between two samples are drawn from a distribution that is close to the exponential one,
/// with the rate as its mean: then no period in the program can hide from it, and the chance that a
/// block of `s` bytes is sampled is `1 - exp(-s / rate)`, whatever came before it. Who reads the trace
/// scales by the inverse of that.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Bytes until the next sample; 0 before the first draw.
    left: AtomicUsize,
    random: AtomicUsize,
    /// A sample is being taken: what is allocated on the way is not sampled.
    busy: AtomicBool,
}

impl Sampler {
    pub(super) const fn new() -> Self {
        Sampler {
            left: AtomicUsize::new(0),
            random: AtomicUsize::new(0),
            busy: AtomicBool::new(false),
        }
    }

    /// The site, if the allocation of `size` bytes is to be sampled. Threads that allocate in the same
    /// instant may skip or repeat a few bytes, which costs a little accuracy and nothing else.
    pub(super) fn due(
        &self,
        size: usize,
        rate: usize,
        site: impl FnOnce() -> usize,
    ) -> Option<usize> {
        if self.busy.load(Relaxed) {
            return None;
        }
        let mut left = self.left.load(Relaxed);
        if left == 0 {
            left = self.draw(rate);
        }
        if size < left {
            self.left.store(left - size, Relaxed);
            return None;
        }
        self.left.store(self.draw(rate), Relaxed);
        self.busy.store(true, Relaxed);
        let site = site();
        self.busy.store(false, Relaxed);
        Some(site)
    }

    /// At least 1.
    fn draw(&self, rate: usize) -> usize {
        // Marsaglia's xorshift; any seed but 0.
        let mut random = (self.random.load(Relaxed) as u32).wrapping_add(0x9E37_79B9) | 1;
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.store(random as usize, Relaxed);
        // -log2 of a fraction, linear between powers of two: z - m for 2^-z * (1 + m), in 65536ths.
        // Its mean is 1.5.
        let zeros = u64::from(random.leading_zeros()) + 1;
        let mantissa = u64::from(random.checked_shl(zeros as u32).unwrap_or(0) >> 16);
        let bytes = rate as u64 * ((zeros << 16) - mantissa) / (3 << 15);
        (bytes.min(u64::from(u32::MAX)) as usize).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Relaxed, Sampler};

    #[test]
    fn draws_have_the_rate_as_their_mean() {
        let sampler = Sampler::new();
        let draws: u64 = (0..100_000).map(|_| sampler.draw(4096) as u64).sum();
        let mean = draws / 100_000;
        assert!((4050..4140).contains(&mean), "{mean}");
    }

    #[test]
    fn a_block_is_sampled_with_the_chance_that_readers_scale_by() {
        for (size, rate) in [(16, 4096), (1000, 4096), (4096, 4096), (20_000, 4096), (100, 1)] {
            let sampler = Sampler::new();
            let taken = (0..200_000).filter(|_| sampler.due(size, rate, || 1).is_some()).count();
            let chance = 1.0 - (-(size as f64) / rate as f64).exp();
            let share = taken as f64 / 200_000.0;
            assert!((share / chance - 1.0).abs() < 0.1, "{size} of {rate}: {share}, not {chance}");
        }
    }

    #[test]
    fn the_byte_that_a_sample_is_due_at_belongs_to_the_block_that_has_it() {
        let sampler = Sampler::new();
        let mut sampled = 0;
        for _ in 0..1000 {
            let left = sampler.left.load(Relaxed);
            let due = sampler.due(100, 5000, || 1).is_some();
            assert!(left == 0 || due == (left <= 100), "{left} bytes before the sample");
            sampled += usize::from(due);
            // Exactly what is left, and a byte less.
            let left = sampler.left.load(Relaxed);
            if left > 1 {
                assert_eq!(sampler.due(left - 1, 5000, || 1), None);
                assert_eq!(sampler.left.load(Relaxed), 1);
                assert_eq!(sampler.due(1, 5000, || 1), Some(1));
            }
        }
        assert!(sampled > 0);
    }

    #[test]
    fn what_the_hook_allocates_is_not_sampled() {
        let sampler = Sampler::new();
        let outer = sampler.due(100, 1, || {
            assert_eq!(sampler.due(100, 1, || 2), None);
            1
        });
        assert_eq!(outer, Some(1));
        assert_eq!(sampler.due(100, 1, || 3), Some(3));
    }
}
