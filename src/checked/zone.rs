//! The red zone behind a block of a heap.

use core::alloc::Layout;

use crate::bitmap::align_up;

/// The least distance between the end of a block of a heap and the next one, in bytes. Sizes are
/// rounded up to a multiple of it first, so that the bytes just behind a block are its red zone.
pub const ZONE: usize = 16;

/// Returns the layout that a heap asks itself for when it is asked for `layout`: the red zone is part
/// of it. `None` if no layout is that large.
pub(crate) fn padded(layout: Layout) -> Option<Layout> {
    let size = align_up(layout.size(), ZONE).checked_add(ZONE)?;
    Layout::from_size_align(size, layout.align()).ok()
}
