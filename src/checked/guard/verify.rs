//! The bytes that the guard has filled: red zones and freed blocks, looked at all at once.

use super::Guard;
use crate::{
    checked::{
        book::{Book, Entry, State},
        bytes::{POISON, ZONE, differs},
        hook::deliver,
        report::{Fault, Known, Operation, Report},
    },
    inspect::Damage,
    region::Region,
};

/// Returns the fault that the bytes behind a block, or in a freed one, show: they are to be as the
/// guard filled them.
///
/// # Safety
/// The block is held and `region` may touch it.
pub(super) unsafe fn inspect(region: &Region, entry: &Entry) -> Option<Fault> {
    let end = entry.address + entry.size;
    let zone = usize::from(entry.zone);
    match entry.state {
        State::Live => {
            // SAFETY: the red zone was filled, and is nobody's.
            let (at, found) = unsafe { differs(region, end, zone, ZONE) }?;
            Some(Fault::Overflow { offset: entry.size + at, found })
        }
        State::Waiting | State::Dead => {
            // SAFETY: the block and what is behind it were filled, and are nobody's.
            let (at, found) = unsafe { differs(region, entry.address, entry.size + zone, POISON) }?;
            Some(Fault::UseAfterFree { offset: at, found })
        }
        _ => None,
    }
}

impl Book {
    /// The first block, from the entry at `at` on, with which something is wrong, and the position
    /// behind its entry.
    fn next_wrong(&mut self, region: &Region, at: usize) -> Option<(usize, Fault, Known)> {
        let rest = self.entries().get(at..)?;
        let (index, fault) = rest.iter().enumerate().find_map(|(index, entry)| {
            // SAFETY: held, as far as it looks at a block at all.
            Some((index, unsafe { inspect(region, entry) }?))
        })?;
        let entry = *self.entries().get(at + index)?;
        Some((at + index + 1, fault, self.known(&entry)))
    }
}

impl Guard {
    /// Verifies what is watched; shows `visit` each fault.
    pub(in crate::checked) fn verify(
        &self,
        region: &Region,
        operation: Operation,
        visit: &mut dyn FnMut(&Report),
    ) {
        let mut at = 0;
        // One fault at a time: `visit` may use the allocator, and the table may move. Then a block
        // may be seen twice, or not at all.
        while let Some((next, fault, block)) =
            self.look(|book| book.next_wrong(region, at)).flatten()
        {
            at = next;
            let (allocator, address, block) = (block.owner, block.address, Some(block));
            visit(&Report { fault, operation, allocator, address, given: None, block });
        }
    }

    /// Verifies what is watched, and tells the hook of each fault.
    pub(crate) fn check(&self, region: &Region) -> Result<(), Damage> {
        let mut first = Ok(());
        self.verify(region, Operation::Check, &mut |report| {
            let (at, rule) = match report.fault {
                Fault::Overflow { offset, .. } => (offset, "a byte behind a block was overwritten"),
                Fault::UseAfterFree { offset, .. } => (offset, "a freed block was written to"),
                _ => (0, "a block is damaged"),
            };
            if first.is_ok() {
                first = Err(Damage { address: report.address + at, rule });
            }
            deliver(report);
        });
        first
    }

    /// Every block is free at once, and may be handed out again; what was watched is verified.
    pub(crate) fn reset(&self, region: &Region) {
        self.verify(region, Operation::Reuse, &mut deliver);
        self.look(Book::reset);
    }
}
