//! The memory that a core manages: a base pointer and a length, and the accesses a core makes.

use core::ptr::NonNull;

use crate::{AllocInitError, provenance};

/// A range of memory, and the right to touch it.
///
/// Invariant: `address + len` does not overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    base: NonNull<u8>,
    len: usize,
}

impl Region {
    /// A region of no bytes, for a core that was given no memory yet.
    pub(crate) const EMPTY: Region = Region { base: NonNull::dangling(), len: 0 };

    /// Takes charge of `len` bytes from `base` on.
    ///
    /// # Errors
    /// `InvalidLocation` if the range would run over the end of the address space.
    pub(crate) fn new(base: NonNull<u8>, len: usize) -> Result<Region, AllocInitError> {
        let start = provenance::address(base);
        if start.checked_add(len).is_none() {
            return Err(AllocInitError::InvalidLocation);
        }
        provenance::expose(base);
        Ok(Region { base, len })
    }

    /// All that may be reached from `base`, wherever it is.
    ///
    /// For heaps whose memory comes in parts; they answer for every address themselves.
    pub(crate) fn unbounded(base: NonNull<u8>) -> Region {
        Region { base, len: usize::MAX - provenance::address(base) }
    }

    /// The first `len` bytes, no more than there are.
    pub(crate) fn first(self, len: usize) -> Region {
        Region { len: len.min(self.len), ..self }
    }

    /// The pointer that the region was made from.
    #[inline(always)]
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The first address.
    #[inline(always)]
    pub(crate) fn start(&self) -> usize {
        provenance::address(self.base)
    }

    /// The length in bytes.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The first address behind the region.
    #[inline(always)]
    pub(crate) fn end(&self) -> usize {
        self.start() + self.len
    }

    /// Returns the pointer to `address`. It may be dereferenced inside of the region alone.
    #[inline(always)]
    pub(crate) fn pointer(&self, address: usize) -> *mut u8 {
        provenance::at(self.base, address)
    }

    /// Returns the pointer to `address`, or a dangling one for the address 0, where no memory of a
    /// region is.
    #[inline(always)]
    pub(crate) fn non_null(&self, address: usize) -> NonNull<u8> {
        NonNull::new(self.pointer(address)).unwrap_or(NonNull::dangling())
    }

    /// The block of `len` bytes at `address`.
    #[inline(always)]
    pub(crate) fn block(&self, address: usize, len: usize) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.non_null(address), len)
    }

    /// Reads the word at `address`.
    ///
    /// # Safety
    /// `address` is aligned for a word, and the word there belongs to the caller, lies in memory
    /// that `base` may touch and was written by [`Region::write`] (or is zero memory).
    #[inline(always)]
    pub(crate) unsafe fn read(&self, address: usize) -> usize {
        // SAFETY: this function's contract says that the word is the caller's, aligned and
        // initialized.
        unsafe { self.pointer(address).cast::<usize>().read() }
    }

    /// Writes `word` to `address`.
    ///
    /// # Safety
    /// `address` is aligned for a word, and the word there belongs to the caller and lies in
    /// memory that `base` may touch.
    #[inline(always)]
    pub(crate) unsafe fn write(&self, address: usize, word: usize) {
        // SAFETY: this function's contract says that the word is the caller's and aligned.
        unsafe { self.pointer(address).cast::<usize>().write(word) }
    }

    /// Clears `len` bytes from `address` on.
    ///
    /// # Safety
    /// They belong to the caller and lie in memory that `base` may touch.
    #[inline(always)]
    pub(crate) unsafe fn clear(&self, address: usize, len: usize) {
        // SAFETY: this function's contract says that the bytes are the caller's.
        unsafe { self.pointer(address).write_bytes(0, len) }
    }
}
