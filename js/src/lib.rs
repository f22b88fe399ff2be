//! Allocators in linear memory as classes for JavaScript: [`Buddy`], [`Slab`] and [`Bump`].
//!
//! Each class owns a region of the module's memory and hands out *addresses* in it: offsets in
//! `memory.buffer`. Whatever comes from JavaScript is looked at before it is used. A wrong
//! argument, an address that is no live block, a handle that was freed: each throws an Error that
//! says what was wrong and what to do instead, and changes nothing.
//!
//! ```js
//! import init, { Buddy } from "./pkg/bonsai_js.js";
//!
//! const { memory } = await init();
//! const buddy = new Buddy(65536, 16);
//! const address = buddy.allocate(100, 8);
//! new Uint8Array(memory.buffer, address, 100).fill(7);
//! buddy.deallocate(address);
//! buddy.free();
//! ```
//!
//! # Reading the blocks
//! `snapshot()` describes all blocks in one `Uint32Array`, made to be called for every frame:
//!
//! ```text
//!   word     0       1         2      3       4         5      6
//!        [ count | address | size | state | address | size | state | ... ]
//!                  \____ block 0 ______/   \____ block 1 ______/
//!   state  0 live, 1 free, 2 the allocator's own or lost for now, 3 not the allocator's
//! ```
//!
//! The array is a view of a buffer that the handle keeps: the same object comes back call after call,
//! and nothing is left for the garbage collector, unless the buffer had to grow or the module's memory
//! did, which detaches every view of it. So read it right after the call, call again for the next
//! frame, and `slice()` what is to be kept. Words behind the last block are left over from
//! earlier calls.
//!
//! # Writes beyond a block
//! Built with the feature `checked`, the module also finds what no argument tells: bytes written
//! behind a block, or to one that was given back. It says so by `console.error`, and stops with a trap.

mod arguments;
mod buddy;
mod bump;
#[cfg(all(feature = "checked", target_family = "wasm"))]
mod console;
mod handle;
mod slab;
mod snapshot;
mod stats;

pub use self::{buddy::Buddy, bump::Bump, slab::Slab};

/// The module's own allocator, which the handles' bookkeeping lives in. Not what the handles show.
#[cfg(target_family = "wasm")]
#[global_allocator]
static HEAP: bonsai_alloc::TinyHeap = bonsai_alloc::TinyHeap::new();
