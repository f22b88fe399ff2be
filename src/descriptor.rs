//! The addresses by which a reader outside of the module finds a heap's state in linear memory.
//!
//! docs/heap-layout.md specifies them, and the state that they lead to.

use core::ptr;

use crate::linear::Linear;

/// `BONS`.
const MAGIC: usize = 0x534E_4F42;
/// The version of the layout of every kind but [`Kind::Heap`].
const VERSION: usize = 1;
/// The version of the layout of [`Kind::Heap`] without shards, and its words.
const HEAP_VERSION: (usize, usize) = (2, 6);
/// The version of the layout of [`Kind::Heap`] with shards.
const SHARDS_VERSION: usize = 3;
/// Words of a descriptor: one more where there are shards.
const WORDS: usize = 16 + cfg!(any(not(target_family = "wasm"), threads)) as usize;

/// The kind of heap that a descriptor describes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bump = 1,
    Buddy = 2,
    Slab = 3,
    Tiny = 4,
    Heap = 5,
}

/// The addresses of a heap's state, for readers of linear memory. Made by
/// [`inspectable!`](crate::inspectable); a reader in the program itself uses
/// [`Inspect`](crate::inspect::Inspect).
#[repr(transparent)]
#[derive(Debug)]
pub struct Descriptor([*const (); WORDS]);

// SAFETY: nothing in it is ever dereferenced here.
unsafe impl Sync for Descriptor {}

impl Descriptor {
    /// A descriptor of `kind`, of a heap that counts what it obtained in `committed`; `words` are
    /// those that the kind adds.
    pub(crate) const fn new(kind: Kind, committed: *const (), words: &[*const ()]) -> Self {
        let mut all = [ptr::null(); WORDS];
        all[0] = value(MAGIC);
        all[1] = value(match kind {
            Kind::Heap if words.len() > HEAP_VERSION.1 => SHARDS_VERSION,
            Kind::Heap => HEAP_VERSION.0,
            _ => VERSION,
        });
        all[2] = value(kind as usize);
        all[3] = value(6 + words.len());
        all[4] = committed;
        let runs = Linear::runs();
        // SAFETY: only an address is taken, in a static.
        all[5] = unsafe { &raw const (*runs).growths }.cast();
        let mut i = 0;
        while i < words.len() {
            all[6 + i] = words[i];
            i += 1;
        }
        Descriptor(all)
    }
}

/// A word that is a value and not an address.
pub(crate) const fn value(n: usize) -> *const () {
    ptr::without_provenance(n)
}

/// Exports a heap's [`Descriptor`] from a wasm module, so that a page or a
/// debugger can read the heap without calling the module.
///
/// The exported global is named `BONSAI_HEAP`; its value is the descriptor's address. Once in a
/// program; without it nothing of this is in the module. docs/heap-layout.md in the
/// repository specifies what a reader finds.
///
/// # Example
/// ```
/// #[global_allocator]
/// static HEAP: bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();
/// bonsai_alloc::inspectable!(HEAP);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! inspectable {
    ($heap:path) => {
        /// The addresses of the heap's state, for readers of linear memory: see bonsai_alloc's docs/heap-layout.md.
        #[unsafe(no_mangle)]
        pub static BONSAI_HEAP: $crate::Descriptor = $heap.descriptor();
    };
}
