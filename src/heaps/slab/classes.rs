//! The sizes of blocks in slabs, and the class that a request has.

use crate::bitmap::align_up;

/// The sizes of blocks in slabs: steps of 8 to 64, then four a doubling.
pub(super) const CLASSES: usize = 28;
/// As words, which a reader from outside finds in linear memory.
pub(super) static SIZES: [usize; CLASSES] = {
    let mut sizes = [0; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        sizes[class] = if class < 8 {
            8 * (class + 1)
        } else {
            (5 + (class - 8) % 4) << (4 + (class - 8) / 4)
        };
        class += 1;
    }
    sizes
};
/// The largest block in a slab.
pub(super) const LARGEST: usize = 2048;

/// The size of the blocks of `class`; of the last class for every number beyond, so that no index is out of bounds.
#[inline(always)]
pub(super) fn block_size(class: usize) -> usize {
    SIZES[class.min(CLASSES - 1)]
}

/// The class for `size` bytes aligned to `align`, or `None` where the buddy serves it.
#[inline]
pub(super) fn class_for(size: usize, align: usize) -> Option<usize> {
    // Up to 16 every multiple of the alignment is the size of a class that has it; beyond, powers
    // of two are.
    let size = if align <= 16 {
        align_up(size.max(1), align)
    } else {
        size.max(align).checked_next_power_of_two()?
    };
    if size <= 64 {
        Some((size - 1) >> 3)
    } else if size <= LARGEST {
        let log = usize::BITS - 1 - (size - 1).leading_zeros();
        Some(8 + (log as usize - 6) * 4 + ((size - 1) >> (log - 2) & 3))
    } else {
        None
    }
}

/// The order of a slab of blocks of `size` bytes: 4 KiB up to 256, then sixteen blocks.
#[inline]
pub(super) fn slab_order(size: usize) -> u32 {
    usize::BITS - ((size - 1) >> 8).leading_zeros()
}
