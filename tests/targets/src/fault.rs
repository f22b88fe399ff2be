//! The place of the check that failed last, for hosts that read a module's memory.

use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use crate::Place;

static FAULT: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());

/// Returns where the place that failed is written, up to a 0; null if nothing has failed.
#[must_use]
pub fn last() -> *const u8 {
    FAULT.load(Relaxed)
}

/// Returns -1, and keeps the place that failed.
pub fn failed(place: Place) -> i32 {
    FAULT.store(place.as_ptr().cast_mut(), Relaxed);
    -1
}
