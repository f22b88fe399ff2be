//! The part that all handles have in common: they can be freed, and calls after that are refused.

use std::{
    alloc::Layout,
    ptr::{self, NonNull},
};

use bonsai_alloc::inspect::Inspect;
use js_sys::Uint32Array;
use wasm_bindgen::JsError;

use crate::{
    arguments::{self, error},
    snapshot::Snapshot,
    stats::{self, Stats},
};

/// An allocator with a record of what is live, so that whatever address comes can be judged.
pub trait Subject: Inspect {
    /// The name of its class in JavaScript.
    const NAME: &'static str;

    /// The address of a new block; `None`, and nothing changed, where there is no room.
    fn allocate(&mut self, layout: Layout) -> Option<usize>;

    /// Returns the reason why a request can never be met, and the remedy; `None` if it can be.
    fn refuse(&self, layout: Layout) -> Option<String>;

    /// Gives a block back; false, and nothing changed, if it is no live block.
    fn deallocate(&mut self, address: usize) -> bool;

    /// Gives every block back.
    fn reset(&mut self);
}

/// The pointer to a block of a core over linear memory; `None` for 0, where there is none.
pub fn pointer(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(ptr::with_exposed_provenance_mut(address))
}

fn freed<S: Subject>() -> JsError {
    let name = S::NAME;
    error(&format!("this {name} was freed; it cannot be used any more, make a new {name}"))
}

/// A subject until it is freed.
#[derive(Debug)]
pub struct Handle<S> {
    subject: Option<S>,
    snapshot: Snapshot,
}

impl<S: Subject> Handle<S> {
    pub fn new(subject: S) -> Self {
        #[cfg(all(feature = "checked", target_family = "wasm"))]
        crate::console::by_default();
        Handle { subject: Some(subject), snapshot: Snapshot::default() }
    }

    fn subject(&mut self) -> Result<&mut S, JsError> {
        self.subject.as_mut().ok_or_else(freed::<S>)
    }

    pub fn allocate(&mut self, layout: Result<Layout, JsError>) -> Result<u32, JsError> {
        let subject = self.subject()?;
        let layout = layout?;
        if let Some(why) = subject.refuse(layout) {
            return Err(error(&why));
        }
        if let Some(address) = subject.allocate(layout) {
            return Ok(address as u32);
        }
        let stats = subject.stats();
        Err(error(&format!(
            "no room for {} bytes aligned to {}: {} bytes are free, the largest free block has {}; \
             give something back, or make a larger {}",
            layout.size(),
            layout.align(),
            stats.free_bytes,
            stats.largest_free,
            S::NAME,
        )))
    }

    pub fn deallocate(&mut self, address: Result<usize, JsError>) -> Result<(), JsError> {
        let subject = self.subject()?;
        let address = address?;
        if subject.deallocate(address) { Ok(()) } else { Err(arguments::not_live(address)) }
    }

    pub fn reset(&mut self) -> Result<(), JsError> {
        self.subject()?.reset();
        Ok(())
    }

    pub fn stats(&mut self) -> Result<Stats, JsError> {
        Ok(stats::to_js(self.subject()?.stats()))
    }

    pub fn snapshot(&mut self) -> Result<Uint32Array, JsError> {
        let Handle { subject, snapshot } = self;
        snapshot.show(subject.as_ref().ok_or_else(freed::<S>)?)
    }

    pub fn free(&mut self) {
        self.subject = None;
        self.snapshot = Snapshot::default();
    }
}

/// The methods that the class of each allocator has, with what their descriptions say of it alone.
macro_rules! methods {
    ($name:ident, deallocate: $deallocate:tt, states: $states:tt) => {
        #[wasm_bindgen]
        impl $name {
            /// Allocates `size` bytes at a multiple of `align`, a power of two, and returns their address.
            /// Their contents are undefined.
            ///
            /// Throws if there is no room.
            pub fn allocate(
                &mut self,
                #[wasm_bindgen(unchecked_param_type = "number")] size: &JsValue,
                #[wasm_bindgen(unchecked_param_type = "number")] align: &JsValue,
            ) -> Result<u32, JsError> {
                self.0.allocate(arguments::layout(size, align))
            }

            #[doc = $deallocate]
            ///
            /// Throws if no live block begins there.
            pub fn deallocate(
                &mut self,
                #[wasm_bindgen(unchecked_param_type = "number")] address: &JsValue,
            ) -> Result<(), JsError> {
                let whole = arguments::whole(address, "address", 0, "one that allocate returned");
                self.0.deallocate(whole)
            }

            /// Gives every block back.
            pub fn reset(&mut self) -> Result<(), JsError> {
                self.0.reset()
            }

            /// Sums over all blocks.
            pub fn stats(&mut self) -> Result<Stats, JsError> {
                self.0.stats()
            }

            /// All blocks, in the order of their addresses: a count, then address, size and state of each
            #[doc = $states]
            ///
            /// The array is a view that the next call may overwrite and that growing memory detaches: read
            /// it at once, `slice` what is to be kept.
            pub fn snapshot(&mut self) -> Result<Uint32Array, JsError> {
                self.0.snapshot()
            }

            /// Gives the region back to linear memory. Afterwards every other method throws.
            // wasm-bindgen writes a method of this name too, of which this one, standing behind it, takes the
            // place: what is called on a freed handle still reaches Rust, which can say what is wrong.
            #[wasm_bindgen(skip_typescript)]
            pub fn free(&mut self) {
                self.0.free();
            }
        }
    };
}
pub(crate) use methods;
