//! An allocator under test.

use std::{alloc::Layout, ops::Range, ptr::NonNull};

use bonsai_alloc::inspect::Inspect;

use crate::{Model, Placed};

/// The answers to a request that the model allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legality {
    /// A failure is a bug.
    MustSucceed,
    /// A success is a bug.
    MustFail,
    /// Both are right.
    Either,
}

/// The closeness with which an allocator's view of itself must agree with the live blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closeness {
    /// Each live block of the view is one block of the program's.
    Blocks,
    /// A live block of the view may be many; none is left when the program has none.
    Ranges,
    /// Blocks that the program gave back may be live to the allocator for good.
    Covers,
}

/// An allocator under test, seen through one interface whatever it is.
///
/// Methods with a default are for what only some allocators can do: [`crate::run`] skips an operation
/// that answers "cannot".
///
/// # Safety
/// Blocks that the subject hands out are memory that nobody else uses as long as the subject lives,
/// unless the allocator has a bug.
pub unsafe trait Subject {
    /// The allocator's own name, for messages.
    fn name(&self) -> &str;

    /// Asks for a block.
    fn allocate(&mut self, layout: Layout) -> Option<NonNull<[u8]>>;

    /// Asks for a block of zeros; `None` if the allocator knows no such request.
    fn zeroed(&mut self, _layout: Layout) -> Option<Option<NonNull<[u8]>>> {
        None
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// `ptr` is live and was allocated, or resized last, with `layout`.
    unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout);

    /// Resizes a block; `None` if the allocator cannot move blocks.
    ///
    /// # Safety
    /// As for [`Subject::deallocate`].
    unsafe fn reallocate(
        &mut self,
        _ptr: NonNull<u8>,
        _old: Layout,
        _size: usize,
    ) -> Option<Option<NonNull<[u8]>>> {
        None
    }

    /// Resizes a block where it is, larger or smaller; `None` if the allocator knows no such
    /// request.
    ///
    /// # Safety
    /// As for [`Subject::deallocate`].
    unsafe fn resize_in_place(
        &mut self,
        _ptr: NonNull<u8>,
        _old: Layout,
        _new: Layout,
    ) -> Option<Option<NonNull<[u8]>>> {
        None
    }

    /// Forgets every block; false if the allocator cannot.
    ///
    /// # Safety
    /// Nobody uses any block any more.
    unsafe fn reset(&mut self) -> bool {
        false
    }

    /// Returns the size that a request would take; `None` if the allocator does not tell.
    fn usable_size(&self, _layout: Layout) -> Option<Option<usize>> {
        None
    }

    /// Returns the allowed answers to a request, as far as the model can say.
    fn legality(&self, model: &Model, layout: Layout) -> Legality;

    /// Looks at a request that was refused just now: for a new block, or for `holder` to become
    /// `layout`.
    ///
    /// # Errors
    /// The allocator's promise says that free memory, which is named, must have served it.
    fn refused(&self, _layout: Layout, _holder: Option<Placed>) -> Result<(), String> {
        Ok(())
    }

    /// The largest request that the allocator's own count of free memory says it can serve without
    /// growing; `None` if it does not count.
    fn largest(&self) -> Option<usize> {
        self.inspect().map(|view| view.stats().largest_free)
    }

    /// Returns true if the allocator has every right to a range of addresses.
    fn owns(&self, range: Range<usize>) -> bool;

    /// The allocator's view of itself.
    fn inspect(&self) -> Option<&dyn Inspect>;

    /// Returns how closely that view must agree with the live blocks.
    fn closeness(&self) -> Closeness {
        Closeness::Blocks
    }

    /// Checks the surroundings that the test harness can see: foreign memory that was touched, and
    /// such.
    fn surroundings(&self) -> Result<(), String> {
        Ok(())
    }

    /// Somebody else grows linear memory.
    fn foreign(&mut self, _pages: usize) {}

    /// Linear memory refuses to grow, or may again.
    fn refuse(&mut self, _refuse: bool) {}
}
