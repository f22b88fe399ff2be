//! The contestants: every core, and its peers.

use std::{
    alloc::Layout,
    hint::black_box,
    mem::MaybeUninit,
    ptr::NonNull,
    time::{Duration, Instant},
};

use crate::workload::{Core, Workload};

/// The buddies' memory: 32 blocks of 1 MiB, split down to 16 B.
const LARGEST: usize = 1 << 20;
const LEVELS: usize = 17;
const BLOCKS: usize = 32;
/// The slabs' memory.
const BLOCK_SIZE: usize = 64;
/// The bump allocators' memory.
const ARENA: usize = 1 << 20;

/// An allocator, and one go of a workload on it.
pub struct Contestant {
    pub name: &'static str,
    pub go: fn(&Workload) -> Duration,
}

/// The calls of a go on an allocator.
trait Allocator {
    /// The handle of a block: an address, or a key.
    type Block: Copy;
    /// A block that there is not.
    const NONE: Self::Block;
    fn new(workload: &Workload) -> Self;
    fn allocate(&mut self, layout: Layout) -> Self::Block;
    /// Writes to the first byte: a program writes to what it asks for.
    ///
    /// # Safety
    /// `block` is live.
    unsafe fn touch(&mut self, block: Self::Block);
    /// # Safety
    /// `block` is live and was allocated with `layout`.
    unsafe fn deallocate(&mut self, block: Self::Block, layout: Layout);
    /// # Safety
    /// Nobody uses any block any more.
    unsafe fn reset(&mut self);
}

/// The layout of a request: 8 is the alignment of most Rust types. No contestant accepts an
/// alignment above the size, so a smaller size is less aligned.
#[inline(always)]
fn layout(size: u32) -> Layout {
    let align = if size < 8 { 1 } else { 8 };
    // SAFETY: a power of two, and sizes are far below the limit.
    unsafe { Layout::from_size_align_unchecked(size as usize, align) }
}

/// The time of the second of two passes over the steps, after which nothing is live. Making the
/// allocator is not measured, nor that the system provides each page of its memory when it is
/// first touched: some contestants touch all of it when they are made, and others never.
fn second_pass(mut pass: impl FnMut()) -> Duration {
    pass();
    let start = Instant::now();
    pass();
    start.elapsed()
}

/// Slots are filled and emptied.
fn mixed<A: Allocator>(workload: &Workload) -> Duration {
    let mut allocator = A::new(workload);
    let mut live = vec![(A::NONE, 0_u32); workload.slots];
    let time = second_pass(|| {
        for step in &workload.steps {
            let entry = &mut live[step.slot as usize];
            if step.size != 0 {
                let block = allocator.allocate(layout(step.size));
                // SAFETY: allocated just now.
                unsafe { allocator.touch(block) };
                *entry = (block, step.size);
            } else {
                // SAFETY: a slot that is emptied was filled before, with this size.
                unsafe { allocator.deallocate(entry.0, layout(entry.1)) };
            }
        }
    });
    black_box(&live);
    time
}

/// Slots are filled; one that is emptied means that all are.
fn arena<A: Allocator>(workload: &Workload) -> Duration {
    let mut allocator = A::new(workload);
    second_pass(|| {
        for step in &workload.steps {
            if step.size != 0 {
                let block = allocator.allocate(layout(step.size));
                // SAFETY: allocated just now.
                unsafe { allocator.touch(block) };
            } else {
                // SAFETY: no block is used after it was written to.
                unsafe { allocator.reset() };
            }
        }
    })
}

/// Blocks of an allocator that hands out addresses.
macro_rules! addresses {
    () => {
        type Block = NonNull<u8>;
        const NONE: Self::Block = NonNull::dangling();
        #[inline(always)]
        unsafe fn touch(&mut self, block: NonNull<u8>) {
            // SAFETY: a block has at least one byte.
            unsafe { block.write(1) }
        }
    };
}

/// The calls of a core, of this crate's or acid_alloc's.
macro_rules! calls_of_a_core {
    () => {
        addresses!();
        #[inline(always)]
        fn allocate(&mut self, layout: Layout) -> NonNull<u8> {
            self.0.allocate(layout).expect("room").cast()
        }
        #[inline(always)]
        unsafe fn deallocate(&mut self, ptr: NonNull<u8>, _: Layout) {
            // SAFETY: the contract of `Allocator::deallocate` here is that of the core's.
            unsafe { self.0.deallocate(ptr) }
        }
    };
}

macro_rules! core_contestants {
    ($($module:ident, $crate_name:ident;)*) => {$(
        mod $module {
            use super::*;

            pub struct Buddy($crate_name::Buddy<LARGEST, LEVELS, $crate_name::Global>);
            impl Allocator for Buddy {
                calls_of_a_core!();
                fn new(_: &Workload) -> Self {
                    Buddy($crate_name::Buddy::<_, _, $crate_name::Global>::try_new(BLOCKS).expect("memory"))
                }
                unsafe fn reset(&mut self) {
                    unreachable!("no workload resets a buddy")
                }
            }

            pub struct Slab($crate_name::Slab<$crate_name::Global>);
            impl Allocator for Slab {
                calls_of_a_core!();
                fn new(workload: &Workload) -> Self {
                    Slab($crate_name::Slab::try_new(BLOCK_SIZE, workload.slots).expect("memory"))
                }
                unsafe fn reset(&mut self) {
                    unreachable!("no workload resets a slab")
                }
            }

            pub struct Bump($crate_name::Bump<$crate_name::Global>);
            impl Allocator for Bump {
                calls_of_a_core!();
                fn new(_: &Workload) -> Self {
                    let layout = Layout::from_size_align(ARENA, 16).expect("valid");
                    Bump($crate_name::Bump::try_new(layout).expect("memory"))
                }
                #[inline(always)]
                unsafe fn reset(&mut self) {
                    // SAFETY: the contract of `Allocator::reset` here is that of the core's.
                    unsafe { self.0.reset() }
                }
            }
        }
    )*};
}

core_contestants! {
    bonsai, bonsai_alloc;
    acid, acid_alloc;
}

mod buddy_system {
    use super::*;

    /// Lists for blocks of up to 2^31 bytes.
    pub struct Buddy {
        heap: buddy_system_allocator::Heap<32>,
        memory: NonNull<u8>,
    }

    const MEMORY: Layout = match Layout::from_size_align(LARGEST * BLOCKS, LARGEST) {
        Ok(layout) => layout,
        Err(_) => panic!("valid"),
    };

    impl Allocator for Buddy {
        addresses!();
        fn new(_: &Workload) -> Self {
            // SAFETY: the size is not 0.
            let memory = NonNull::new(unsafe { std::alloc::alloc(MEMORY) }).expect("memory");
            let mut heap = buddy_system_allocator::Heap::empty();
            // SAFETY: memory of that size that nobody else uses and that outlives the heap.
            unsafe { heap.init(memory.as_ptr() as usize, MEMORY.size()) };
            Buddy { heap, memory }
        }
        #[inline(always)]
        fn allocate(&mut self, layout: Layout) -> NonNull<u8> {
            self.heap.alloc(layout).expect("room")
        }
        #[inline(always)]
        unsafe fn deallocate(&mut self, ptr: NonNull<u8>, layout: Layout) {
            // SAFETY: the contract of `deallocate` says that the block is live and of this layout.
            unsafe { self.heap.dealloc(ptr, layout) };
        }
        unsafe fn reset(&mut self) {
            unreachable!("no workload resets a buddy")
        }
    }

    impl Drop for Buddy {
        fn drop(&mut self) {
            // SAFETY: allocated in `new` with this layout.
            unsafe { std::alloc::dealloc(self.memory.as_ptr(), MEMORY) }
        }
    }
}

mod bumpalo_arena {
    use super::*;

    pub struct Bump(bumpalo::Bump);

    impl Allocator for Bump {
        addresses!();
        fn new(_: &Workload) -> Self {
            Bump(bumpalo::Bump::with_capacity(ARENA))
        }
        #[inline(always)]
        fn allocate(&mut self, layout: Layout) -> NonNull<u8> {
            self.0.try_alloc_layout(layout).expect("room")
        }
        unsafe fn deallocate(&mut self, _: NonNull<u8>, _: Layout) {
            unreachable!("bumpalo takes no block back")
        }
        #[inline(always)]
        unsafe fn reset(&mut self) {
            self.0.reset();
        }
    }
}

/// Values of one size under keys, which grow as a vector does: no addresses, and no blocks that stay where they are.
mod slab_of_values {
    use super::*;

    pub struct Slab(slab::Slab<[MaybeUninit<u8>; BLOCK_SIZE]>);

    impl Allocator for Slab {
        type Block = usize;
        const NONE: usize = usize::MAX;
        fn new(workload: &Workload) -> Self {
            Slab(slab::Slab::with_capacity(workload.slots))
        }
        #[inline(always)]
        fn allocate(&mut self, _: Layout) -> usize {
            self.0.insert([MaybeUninit::uninit(); BLOCK_SIZE])
        }
        #[inline(always)]
        unsafe fn touch(&mut self, block: usize) {
            self.0[block][0].write(1);
        }
        #[inline(always)]
        unsafe fn deallocate(&mut self, block: usize, _: Layout) {
            self.0.remove(block);
        }
        unsafe fn reset(&mut self) {
            unreachable!("no workload resets a slab")
        }
    }
}

/// Whoever can do what a workload asks for; this crate's core is the first.
pub fn for_workload(workload: &Workload) -> Vec<Contestant> {
    let one = |name, go| Contestant { name, go };
    match workload.core {
        Core::Buddy => vec![
            one("bonsai_alloc", mixed::<bonsai::Buddy>),
            one("acid_alloc 0.1.0", mixed::<acid::Buddy>),
            one("buddy_system_allocator 0.11", mixed::<buddy_system::Buddy>),
        ],
        Core::Slab => vec![
            one("bonsai_alloc", mixed::<bonsai::Slab>),
            one("acid_alloc 0.1.0", mixed::<acid::Slab>),
            one("slab 0.4", mixed::<slab_of_values::Slab>),
        ],
        Core::Arena => vec![
            one("bonsai_alloc", arena::<bonsai::Bump>),
            one("acid_alloc 0.1.0", arena::<acid::Bump>),
            one("bumpalo 3", arena::<bumpalo_arena::Bump>),
        ],
        Core::Bump => vec![
            one("bonsai_alloc", mixed::<bonsai::Bump>),
            one("acid_alloc 0.1.0", mixed::<acid::Bump>),
        ],
    }
}
