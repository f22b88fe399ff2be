//! Every misuse named: feature `checked`.
//!
//! With the feature every core and every heap of the crate keeps a book of the blocks that it
//! handed out, and looks into it before it does what it is told. What is wrong goes to
//! [a hook](set_hook) with a [`Report`]: what, where, by which call, what the block was allocated
//! with, and which allocator it is of. By default the program then stops.
//!
//! | misuse | found |
//! |---|---|
//! | double free, resize of a freed block | at the call, before anything is written |
//! | free or resize of an address that is not a block's, of the middle of a block, of another allocator's block | the same |
//! | free or resize with another size or alignment than the block has | the same |
//! | a write behind a block | when it is freed or resized, and by `check` |
//! | a write to a freed block | when its memory is about to be used again, and by `check` |
//! | a link in free memory that was overwritten | before it is followed, and by `check` |
//! | memory given back to a pool, or added to a [`Buddy`](crate::Buddy), twice | at the call |
//!
//! ```text
//!            what was asked for     red zone            a freed block that waits
//!  | FD FD | ...................... | FD FD FD | ....  | DD DD DD DD DD DD DD DD DD |
//! ```
//!
//! **Books** are out of line, in memory that the allocators under test do not manage: that of the
//! system where there is one; else 16 KiB of the module's data, and then pages that are grown for
//! them. A block for which the books have no room is *untracked*, and counted in
//! [`Counts::untracked`]: it is handed out and freed unchecked. As long as there are any, an
//! address of which nothing is known may be theirs, and is not reported. So no report is ever
//! wrong for want of memory.
//!
//! **Red zones**: a heap asks itself for 16 to 31 bytes more than it is asked for and fills them.
//! A core does not: its blocks are as large as its user expects, and what a request leaves of its
//! block, up to 64 bytes, is the red zone. A block that is filled to its end has none; nor has one
//! of a [`Bump`](crate::Bump). Bytes of red zones count as part of live blocks.
//!
//! **Quarantine**: a freed block is filled with poison and waits; the allocator takes it back when
//! more than [`set_quarantine`] allows have been freed after it, or before it would
//! refuse a request. [`Inspect`](crate::inspect::Inspect) shows a waiting block as free, though
//! not merged with its neighbours. A [`Bump`](crate::Bump) and a [`BumpHeap`](crate::BumpHeap) use
//! little again, and have no quarantine: what they will not use again is watched for good.
//!
//! A hook of [`heap::Policy`](crate::heap::Policy) is told the size with the red zone.
//!
//! **Resizing** in place stays in place; a block that moves leaves a freed one behind.
//!
//! # What it cannot see
//! - Reads, of whatever.
//! - Writes far beyond a block, into the middle of another one.
//! - Writes to memory that a heap has taken back and not handed out again, but for its links.
//! - The layout of a block of a core: `deallocate` is not told it. `grow` and `shrink` are.
//! - With the trait `Allocator`: a resize that has to move the block (in `Local`, or to another
//!   alignment) copies before the old block is looked at when it is freed.
//! - A block that a core handed out is one of its own; that the whole region is a block of another
//!   allocator is no contradiction.
//!
//! # Cost
//! One lock and one look-up in a hash table for each call; four words for a block, at most
//! three quarters of them in use; filling and comparing what is freed. docs/checked.md has figures.
//!
//! # Example
//! ```
//! use bonsai_alloc::{checked::{self, Fault}, prelude::*};
//! use core::alloc::Layout;
//!
//! checked::set_hook(Some(|report| {
//!     assert_eq!(report.fault, Fault::Freed);
//!     println!("{report}");
//! }));
//! let mut slab = Slab::try_new_in(64, 10, Linear).unwrap();
//! let block = slab.allocate(Layout::new::<[u8; 50]>()).unwrap();
//! // SAFETY: the first time it is live; the second time nothing happens but the report.
//! unsafe {
//!     slab.deallocate(block.cast());
//!     slab.deallocate(block.cast());
//! }
//! // double free: Slab 1, free 0x7f3c5a7ff010: the freed block of 50 bytes aligned to 1 at 0x7f3c5a7ff010
//! # checked::set_hook(None);
//! ```

mod book;
mod bytes;
mod core;
mod guard;
mod hook;
mod ledger;
mod links;
mod report;
mod storage;
mod zone;

pub use self::{
    guard::set_quarantine,
    hook::{Hook, Message, set_hook, stop},
    report::{Allocator, Fault, Found, Known, Operation, Report},
    zone::ZONE,
};
pub(crate) use self::{
    guard::{Guard, Leave, Left},
    links::{Seal, plausible, sound},
    zone::padded,
};
use crate::region::Region;

/// The counters of an allocator's book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Blocks that were handed out and not freed.
    pub live: usize,
    /// Freed blocks that wait in quarantine.
    pub waiting: usize,
    /// Their bytes.
    pub waiting_bytes: usize,
    /// Live blocks that are not in the book, because it could not grow.
    pub untracked: usize,
}

/// An allocator that has a guard, and the memory under it.
pub(crate) trait Watched {
    /// The allocator's place in the ledger.
    fn guard(&self) -> &Guard;

    /// The memory that its blocks are in.
    fn region(&self) -> Region;
}

/// Makes an allocator [`Watched`].
macro_rules! watched {
    ([$($generics:tt)*] $allocator:ty, |$this:ident| $region:expr) => {
        impl<$($generics)*> crate::checked::Watched for $allocator {
            fn guard(&self) -> &crate::checked::Guard {
                &self.guard
            }

            fn region(&self) -> crate::region::Region {
                let $this = self;
                $region
            }
        }
    };
}
pub(crate) use watched;

/// An allocator whose calls are checked: every core and every heap of the crate.
#[expect(private_bounds, reason = "nobody else can have it")]
pub trait Checked: Watched {
    /// Returns the counters of the allocator's book: blocks live, waiting and untracked.
    fn counts(&self) -> Counts {
        self.guard().counts()
    }

    /// Verifies every red zone and every freed block that waits, and shows `visit` what is wrong.
    /// O(blocks and their bytes). The hook is not called.
    fn verify(&self, visit: &mut dyn FnMut(&Report)) {
        self.guard().verify(&self.region(), Operation::Check, visit);
    }
}
impl<W: Watched> Checked for W {}
