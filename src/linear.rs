//! Linear memory: pages that only ever grow, and the pool that hands them out and takes them back.
//!
//! | item | is |
//! |---|---|
//! | [`LinearMemory`] | a memory that can grow: [`Machine`], or `Simulation` in native tests |
//! | [`Pool`] | the pages of one memory: obtained by growing, handed out, taken back |
//! | [`Linear`] | the module's own pool, as a backing for cores and heaps |
//! | [`PageSource`] | [`Linear`] or a [`&Pool`](Pool): where a heap takes its pages |

mod free_runs;
mod list;
mod pool;
#[cfg(any(unix, windows))]
mod simulation;
mod source;

pub use self::pool::{Extent, Pool, PoolStats};
#[cfg(any(unix, windows))]
pub use self::simulation::{Config, Simulation};
pub use self::source::{Linear, PageSource};
#[cfg(not(any(unix, windows)))]
pub use crate::machine::ProvideError;
pub use crate::machine::{LinearMemory, MAX_PAGES, Machine, PAGE};
