//! The one table of sizes: the bins of free runs, and the classes of blocks.
//!
//! Sizes are counted in granules. Up to 64 granules (1 KiB) every size has a step of its own; above, there
//! are eight steps a doubling. A *bin* is a step and the sizes up to the next one. The blocks of a
//! *class* are as large as its step, and a request has the smallest class that holds it, so rounding
//! up wastes an eighth at most and less than a sixteenth on average. Blocks above 256 KiB are not rounded.

/// log2 of the size of a granule.
pub(crate) const GRANULE_LOG: u32 = 4;
/// The unit of all sizes and addresses.
pub(crate) const GRANULE: usize = 1 << GRANULE_LOG;

/// The largest size, in granules, up to which every size has a step.
pub(crate) const SMALL: usize = 64;
/// The number of classes. Class `c <= SMALL` has blocks of `c` granules; class 0 has none.
pub(crate) const CLASSES: usize = SMALL + 1 + 8 * 8;
/// The largest size of a class, in granules.
pub(crate) const LARGEST: usize = 1 << 14;
/// The number of bins: to 4 GiB.
pub(super) const BINS: usize = SMALL + 1 + 8 * 22;

/// Returns `size` bytes in granules, rounded up. No layout is so large that the sum wraps around.
#[inline(always)]
pub(crate) fn granules(size: usize) -> usize {
    size.wrapping_add(GRANULE - 1) >> GRANULE_LOG
}

/// Returns the class of blocks for `size` bytes if they are small, 1 B to 1 KiB.
#[inline(always)]
pub(crate) fn small_class(size: usize) -> Option<usize> {
    let last = size.wrapping_sub(1) >> GRANULE_LOG;
    (last < SMALL).then_some(last + 1)
}

/// Returns the bin of runs of `n` granules: the last step that is at most `n`.
#[inline]
pub(super) fn bin_of(n: usize) -> usize {
    if n <= SMALL {
        return n;
    }
    let log = (usize::BITS - 1 - n.leading_zeros()) as usize;
    // No run is larger than the sizes of the last bin; a request may be.
    (SMALL - 8 + (log - 6) * 8 + (n >> (log - 3))).min(BINS - 1)
}

/// Returns the class of blocks for `g` granules; [`CLASSES`] or more where there is none.
#[inline]
pub(crate) fn class_of(g: usize) -> usize {
    bin_of(g.max(1) - 1) + 1
}

/// Returns the size of the blocks of a class, in granules.
#[inline]
pub(crate) fn size_of_class(class: usize) -> usize {
    if class <= SMALL {
        return class;
    }
    let above = class - SMALL - 1;
    (above % 8 + 9) << (above / 8 + 3)
}

/// Returns the size of the block for `g` granules: that of its class, where it has one.
#[inline]
pub(crate) fn rounded(g: usize) -> usize {
    if g > LARGEST { g } else { size_of_class(class_of(g)) }
}

/// Returns the granules of a run that has room for such a block wherever it begins: what the worst
/// alignment costs included.
#[inline]
pub(super) fn room_for(g: usize, align: usize) -> usize {
    rounded(g) + (align >> GRANULE_LOG).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_ascend_and_every_size_has_the_smallest_that_holds_it() {
        for class in 1..CLASSES {
            assert!(class == 1 || size_of_class(class) > size_of_class(class - 1), "{class}");
        }
        for g in 1..=LARGEST {
            let (n, class) = (rounded(g), class_of(g));
            assert!(n >= g && class < CLASSES, "{g}");
            assert_eq!(n, size_of_class(class), "{g}");
            assert!(class == 1 || size_of_class(class - 1) < g, "{g}");
        }
        assert_eq!((rounded(0), class_of(0)), (1, 1));
        assert_eq!((rounded(LARGEST + 1), class_of(LARGEST + 1)), (LARGEST + 1, CLASSES));
        assert_eq!(size_of_class(CLASSES - 1), LARGEST);
    }

    #[test]
    fn bins_ascend_without_gaps_and_their_sizes_differ_by_an_eighth_at_most() {
        assert!((0..=SMALL).all(|n| bin_of(n) == n));
        let mut smallest = SMALL;
        for n in SMALL..1 << 16 {
            let (bin, below) = (bin_of(n), bin_of(n - 1));
            assert!(bin == below || bin == below + 1, "{n}");
            if bin != below {
                smallest = n;
            }
            assert!(n - smallest < smallest.div_ceil(8), "{smallest} and {n} are in one bin");
        }
        for log in 7..28 {
            assert_eq!(bin_of(1 << log), SMALL + (log - 6) * 8);
            assert_eq!(bin_of((1 << log) - 1), SMALL + (log - 6) * 8 - 1);
        }
        // Up to 4 GiB; a size that no run has is not outside of all bins.
        assert_eq!(bin_of((1 << 28) - 1), BINS - 2);
        assert_eq!((bin_of(1 << 28), bin_of(usize::MAX)), (BINS - 1, BINS - 1));
    }

    /// Every block of a class fits into any run of the bin with the same number.
    #[test]
    fn a_class_and_a_bin_with_one_number_begin_at_one_size() {
        for class in 1..CLASSES {
            let n = size_of_class(class);
            assert_eq!(bin_of(n), class, "{n}");
            assert_eq!(bin_of(n - 1), class - 1, "{n}");
        }
    }
}
