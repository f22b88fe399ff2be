//! The calls of a core, which knows its blocks by their addresses alone.

use super::{
    Guard,
    guard::{Leave, Left},
};
use crate::region::Region;

impl Guard {
    /// Frees the block at `address`, unless that is a misuse. Returns the block that the core must take
    /// back, if it must take back any. More may have to follow: see [`Guard::next`].
    pub(crate) fn free(&self, region: &Region, address: usize) -> Option<usize> {
        match self.leave(region, address, None, Leave::Waiting) {
            Left::Refused => None,
            Left::Waits => self.next(region, false),
            Left::Gone => Some(address),
        }
    }

    /// A block that waited and that the core must take back now: because more wait than may, or,
    /// with `any`, because there is no other memory.
    pub(crate) fn next(&self, region: &Region, any: bool) -> Option<usize> {
        self.leaves(region, any).map(|(address, _)| address)
    }

    /// Returns true if the block at `address` may be freed, by an allocator that uses no block again
    /// before the last of them is freed.
    pub(crate) fn free_unused(&self, region: &Region, address: usize, last: bool) -> bool {
        let how = if last { Leave::AtOnce } else { Leave::ForGood };
        let may = self.leave(region, address, None, how) != Left::Refused;
        if may && last {
            self.reset(region);
        }
        may
    }
}
