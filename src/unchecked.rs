//! The functions of `checked` without the feature: each is the call that it stands in front of, or
//! a constant.

use core::alloc::Layout;

use crate::{
    inspect::{Block, Damage},
    region::Region,
};

/// No place in any ledger.
#[derive(Debug)]
pub(crate) struct Guard;

#[expect(clippy::unused_self, reason = "the same calls as with the feature")]
impl Guard {
    /// # Safety
    /// None; with the feature there is a contract.
    #[inline(always)]
    pub(crate) const unsafe fn new(_: &'static str, _: bool) -> Self {
        Guard
    }

    #[inline(always)]
    pub(crate) fn admit(&self, _: &Region, _: usize, _: Layout, _: usize) -> bool {
        true
    }

    #[inline(always)]
    pub(crate) fn free(&self, _: &Region, address: usize) -> Option<usize> {
        Some(address)
    }

    #[inline(always)]
    pub(crate) fn next(&self, _: &Region, _: bool) -> Option<usize> {
        None
    }

    #[inline(always)]
    pub(crate) fn free_unused(&self, _: &Region, _: usize, _: bool) -> bool {
        true
    }

    #[inline(always)]
    pub(crate) fn resizes(&self, _: &Region, _: usize, _: Layout) -> bool {
        true
    }

    #[inline(always)]
    pub(crate) fn resized(&self, _: &Region, _: usize, _: Layout, _: usize) {}

    #[inline(always)]
    pub(crate) fn check(&self, _: &Region) -> Result<(), Damage> {
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn obtained(&self) {}

    #[inline(always)]
    pub(crate) fn returned(&self) {}

    #[inline(always)]
    pub(crate) fn reset(&self, _: &Region) {}

    #[inline(always)]
    pub(crate) fn forget(&self) {}

    #[inline(always)]
    pub(crate) fn take(&self) -> Guard {
        Guard
    }

    #[inline(always)]
    pub(crate) fn waiting(&self) -> usize {
        0
    }

    #[inline(always)]
    pub(crate) fn seen<'a>(&self, visit: &'a mut dyn FnMut(Block)) -> &'a mut dyn FnMut(Block) {
        visit
    }
}

/// A link that every build looks at.
#[inline(always)]
pub(crate) fn plausible(holds: bool, _: usize, _: &'static str) -> bool {
    holds
}

/// No list is sealed.
#[derive(Debug)]
pub(crate) struct Seal;

impl Seal {
    pub(crate) const NONE: Seal = Seal;

    #[inline(always)]
    pub(crate) fn of<I: Iterator<Item = usize>>(_: impl FnOnce() -> I) -> Seal {
        Seal
    }

    #[expect(clippy::unused_self, reason = "the same call as with the feature")]
    #[inline(always)]
    pub(crate) fn holds<I: Iterator<Item = usize>>(
        &self,
        _: impl FnOnce() -> I,
        _: usize,
        _: &'static str,
    ) -> bool {
        true
    }
}

/// No link is looked at.
#[inline(always)]
pub(crate) fn sound(_: impl FnOnce() -> bool, _: usize, _: &'static str) -> bool {
    true
}

macro_rules! watched {
    ([$($generics:tt)*] $allocator:ty, |$this:ident| $region:expr) => {};
}
pub(crate) use watched;

/// No red zones.
#[cfg(test)]
pub(crate) const ZONE: usize = 0;

/// A heap asks itself for what it is asked for.
#[inline(always)]
pub(crate) fn padded(layout: Layout) -> Option<Layout> {
    Some(layout)
}
