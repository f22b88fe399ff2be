//! Sizes in granules, and the lists that blocks of a size wait in.
//!
//! Sizes up to 1 KiB have a class for every 16 bytes; above it there are eight classes a
//! doubling, so rounding up wastes at most an eighth, and less than a sixteenth on average. Beyond 256
//! KiB there are no classes.

/// log2 of the size of a granule.
pub(crate) const GRANULE_LOG: u32 = 4;
/// The unit of all sizes and addresses.
pub(crate) const GRANULE: usize = 1 << GRANULE_LOG;

/// The largest size, in granules, that has a class of its own for every granule.
pub(crate) const SMALL: usize = 64;
/// The largest size, in granules, that has a class.
const LARGEST: usize = 1 << 14;
/// Class `c <= SMALL` has blocks of `c` granules; class 0 is that of size 0.
pub(crate) const CLASSES: usize = SMALL + 1 + 8 * 8;

/// How large the block for `size` bytes is, in granules, and in which class it waits when it is
/// free; blocks that are too large for any have `CLASSES`.
#[inline]
pub(crate) fn class_for(size: usize) -> (usize, usize) {
    let granules = granules(size);
    if granules <= SMALL {
        return (granules.max(1), granules);
    }
    if granules > LARGEST {
        return (granules, CLASSES);
    }
    // The last granule's number has its leading one at `log`; three more bits tell the class.
    let log = (usize::BITS - 1 - (granules - 1).leading_zeros()) as usize;
    let step = log - 3;
    let eighths = ((granules - 1) >> step) + 1;
    (eighths << step, SMALL + (log - 6) * 8 + eighths - 8)
}

/// `size` bytes in granules, rounded up. No layout is so large that rounding overflows; other sizes
/// near `usize::MAX` are taken to be a little smaller, and no memory holds those either.
#[inline(always)]
pub(crate) fn granules(size: usize) -> usize {
    size.saturating_add(GRANULE - 1) >> GRANULE_LOG
}

/// The size of the blocks of a class, in granules.
pub(crate) fn size_of_class(class: usize) -> usize {
    if class <= SMALL {
        return class.max(1);
    }
    let above = class - SMALL - 1;
    (above % 8 + 9) << (above / 8 + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_ascend_and_every_size_has_the_smallest_that_holds_it() {
        for class in 1..CLASSES {
            assert!(class == 1 || size_of_class(class) > size_of_class(class - 1), "{class}");
        }
        for size in 1..=LARGEST * GRANULE {
            let (granules, class) = class_for(size);
            assert!(granules * GRANULE >= size, "{size}");
            assert_eq!(granules, size_of_class(class), "{size}");
            assert!(class == 1 || size_of_class(class - 1) * GRANULE < size, "{size}");
        }
        assert_eq!(class_for(0), (1, 0));
        assert_eq!(class_for(LARGEST * GRANULE + 1), (LARGEST + 1, CLASSES));
        assert_eq!(size_of_class(CLASSES - 1), LARGEST);
    }
}
