//! Links in free memory, before they are followed.
//!
//! They are looked at while an allocator works, under its lock, where no hook may run: what is
//! wrong waits for the end of the call. The allocator goes on without the list that it cannot
//! trust.

use super::{Guard, Operation};
use crate::{inspect::Damage, lock::Lock};

/// What was found and not told yet.
static FOUND: Lock<Option<Damage>> = Lock::new(None);

/// Whether a link may be followed: `holds`. If not, the call will be reported.
#[inline]
pub(crate) fn sound(holds: impl FnOnce() -> bool, address: usize, rule: &'static str) -> bool {
    let sound = holds();
    if !sound {
        FOUND.with(|found| *found = found.or(Some(Damage { address, rule })));
    }
    sound
}

impl Guard {
    /// Tells of links that were found wrong since the last call.
    pub(crate) fn settle(&self, operation: Operation) {
        if let Some(damage) = FOUND.with(Option::take) {
            self.damaged(operation, damage);
        }
    }
}
