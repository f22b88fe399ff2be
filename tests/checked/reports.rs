//! The part that the tests of `checked` share: reports that are kept, and memory to misuse.

use std::{alloc::Layout, cell::RefCell, sync::Once};

use bonsai_alloc::checked::{self, Report};

thread_local! {
    /// The reports of this thread.
    static REPORTS: RefCell<Vec<Report>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the reports of every thread for itself, instead of stopping the program.
pub fn keep() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        checked::set_hook(Some(|report| REPORTS.with_borrow_mut(|all| all.push(*report))));
    });
    reports();
}

/// The reports since this was called last.
pub fn reports() -> Vec<Report> {
    REPORTS.take()
}

/// # Panics
/// There is one.
#[track_caller]
pub fn no_report(what: &str) {
    let reports = reports();
    assert!(reports.is_empty(), "{what}: {reports:x?}");
}

pub fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}
