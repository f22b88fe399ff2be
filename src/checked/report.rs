//! Reports of misuse, in numbers and in words.

use core::{alloc::Layout, fmt};

use super::bytes::{POISON, ZONE};
use crate::inspect::Damage;

/// The call in which a fault was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A block was to be handed out.
    Allocate,
    /// A block was to be freed.
    Free,
    /// A block was to be made larger or smaller.
    Resize,
    /// A freed block was about to be used again.
    Reuse,
    /// A check: [`Inspect::check`](crate::inspect::Inspect::check),
    /// [`Checked::verify`](super::Checked::verify), or a reset of the allocator.
    Check,
}

/// An allocator: its type, and which one of all that a program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocator {
    /// The name of its type, such as `Heap`.
    pub name: &'static str,
    /// Allocators are numbered from 1 on as they are used for the first time.
    pub number: usize,
}

/// A block that an allocator handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The address of its first byte.
    pub address: usize,
    /// The layout that it was allocated with, or resized to last.
    pub layout: Layout,
    /// True until it is freed.
    pub live: bool,
    /// The allocator that handed it out.
    pub owner: Allocator,
}

/// The bytes from the first wrong one on, at most sixteen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub(super) bytes: [u8; Found::MOST],
    pub(super) len: u8,
}

impl Found {
    pub(super) const MOST: usize = 16;

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.bytes().iter().enumerate() {
            write!(f, "{}{byte:02x}", if at > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

/// The kind of a misuse. Offsets are in bytes from the beginning of [`Report::block`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The block has been freed already: a double free, or a resize of a dead block.
    Freed,
    /// No block begins at the address: none was handed out there, or it was freed long ago.
    Unknown,
    /// The address is not that of a block but of a byte within one.
    Interior {
        /// The offset of that byte.
        offset: usize,
    },
    /// The block is another allocator's.
    Foreign,
    /// The block was allocated with another size or alignment.
    WrongLayout,
    /// Bytes behind the block were written to.
    Overflow {
        /// The offset of the first of them, at least the block's size.
        offset: usize,
        /// The bytes that stand there now.
        found: Found,
    },
    /// The block was written to after it was freed.
    UseAfterFree {
        /// The offset of the first byte that was written to.
        offset: usize,
        /// The bytes that stand there now.
        found: Found,
    },
    /// The allocator's own words were overwritten: a link in free memory, most likely.
    Damaged(Damage),
}

/// A misuse of an allocator, as [the hook](super::set_hook) is told of it.
///
/// Its text, by `Display`, is one line with all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The kind of the misuse.
    pub fault: Fault,
    /// The operation in which it was found.
    pub operation: Operation,
    /// The allocator that was called.
    pub allocator: Allocator,
    /// The address that the call was given; if it was given none, that of the block or the link.
    pub address: usize,
    /// The layout that the call was given, if it was given one.
    pub given: Option<Layout>,
    /// The block that the address leads to, if it leads to one.
    pub block: Option<Known>,
}

impl fmt::Display for Allocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.number)
    }
}

/// A layout in words.
struct Size(Layout);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes aligned to {}", self.0.size(), self.0.align())
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.live { "live" } else { "freed" };
        write!(f, "the {state} block of {} at {:#x}", Size(self.layout), self.address)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.fault, self.operation) {
            (Fault::Freed, Operation::Free) => "double free",
            (Fault::Freed, _) => "use of a freed block",
            (Fault::Unknown, _) => "no block begins there",
            (Fault::Interior { .. }, _) => "not the start of a block",
            (Fault::Foreign, _) => "a block of another allocator",
            (Fault::WrongLayout, _) => "wrong size or alignment",
            (Fault::Overflow { .. }, _) => "overflow",
            (Fault::UseAfterFree { .. }, _) => "write after free",
            (Fault::Damaged(_), _) => "damage",
        };
        let operation = match self.operation {
            Operation::Allocate => "allocate",
            Operation::Free => "free",
            Operation::Resize => "resize",
            Operation::Reuse => "reuse",
            Operation::Check => "check",
        };
        write!(f, "{what}: {}, {operation} {:#x}", self.allocator, self.address)?;
        if let Some(given) = self.given {
            write!(f, " as {}", Size(given))?;
        }
        if let Some(block) = self.block {
            write!(f, ": {block}")?;
            if block.owner != self.allocator {
                write!(f, " of {}", block.owner)?;
            }
        }
        match self.fault {
            Fault::Interior { offset } => write!(f, ", byte {offset} of it"),
            Fault::Overflow { offset, found } => {
                write!(f, ": from byte {offset} on {found:?} instead of {ZONE:02x}")
            }
            Fault::UseAfterFree { offset, found } => {
                write!(f, ": from byte {offset} on {found:?} instead of {POISON:02x}")
            }
            Fault::Damaged(damage) => write!(f, ": {}", damage.rule),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{format, string::ToString};

    use super::*;

    const HEAP: Allocator = Allocator { name: "Heap", number: 2 };
    const SLAB: Allocator = Allocator { name: "Slab", number: 1 };

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    fn known(live: bool, owner: Allocator) -> Option<Known> {
        Some(Known { address: 0x1000, layout: layout(24, 8), live, owner })
    }

    fn report(fault: Fault, operation: Operation) -> Report {
        Report { fault, operation, allocator: HEAP, address: 0x1000, given: None, block: None }
    }

    #[test]
    fn each_fault_is_a_line_that_says_all_of_it() {
        let found = Found { bytes: *b"\x01\xAB----------EFGH", len: 2 };
        let of = |block| move |report: Report| Report { block, ..report }.to_string();
        let live = of(known(true, HEAP));
        let freed = of(known(false, HEAP));
        assert_eq!(
            freed(report(Fault::Freed, Operation::Free)),
            "double free: Heap 2, free 0x1000: the freed block of 24 bytes aligned to 8 at 0x1000"
        );
        assert_eq!(
            freed(Report { given: Some(layout(25, 1)), ..report(Fault::Freed, Operation::Resize) }),
            "use of a freed block: Heap 2, resize 0x1000 as 25 bytes aligned to 1: \
             the freed block of 24 bytes aligned to 8 at 0x1000"
        );
        assert_eq!(
            report(Fault::Unknown, Operation::Free).to_string(),
            "no block begins there: Heap 2, free 0x1000"
        );
        assert_eq!(
            live(Report {
                address: 0x1003,
                ..report(Fault::Interior { offset: 3 }, Operation::Free)
            }),
            "not the start of a block: Heap 2, free 0x1003: \
             the live block of 24 bytes aligned to 8 at 0x1000, byte 3 of it"
        );
        assert_eq!(
            of(known(true, SLAB))(report(Fault::Foreign, Operation::Free)),
            "a block of another allocator: Heap 2, free 0x1000: \
             the live block of 24 bytes aligned to 8 at 0x1000 of Slab 1"
        );
        assert_eq!(
            live(report(Fault::WrongLayout, Operation::Free)),
            "wrong size or alignment: Heap 2, free 0x1000: \
             the live block of 24 bytes aligned to 8 at 0x1000"
        );
        assert_eq!(
            live(report(Fault::Overflow { offset: 24, found }, Operation::Check)),
            "overflow: Heap 2, check 0x1000: the live block of 24 bytes aligned to 8 at 0x1000: \
             from byte 24 on 01 ab instead of fd"
        );
        assert_eq!(
            freed(report(Fault::UseAfterFree { offset: 7, found }, Operation::Reuse)),
            "write after free: Heap 2, reuse 0x1000: \
             the freed block of 24 bytes aligned to 8 at 0x1000: \
             from byte 7 on 01 ab instead of dd"
        );
        let damage = Damage { address: 0x1000, rule: "a link leads nowhere" };
        assert_eq!(
            report(Fault::Damaged(damage), Operation::Allocate).to_string(),
            "damage: Heap 2, allocate 0x1000: a link leads nowhere"
        );
    }

    #[test]
    fn no_more_bytes_are_found_than_were_kept() {
        let found = Found { bytes: [0xA0; Found::MOST], len: Found::MOST as u8 + 1 };
        assert_eq!((found.bytes(), format!("{found:?}").as_str()), (&[][..], ""));
        let found = Found { len: Found::MOST as u8, ..found };
        assert_eq!(found.bytes(), [0xA0; Found::MOST]);
    }
}
