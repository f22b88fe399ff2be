//! Linear memory: pages that only ever grow, and the pool that hands them out and takes them back.
//!
//! | item | is |
//! |---|---|
//! | [`LinearMemory`] | a memory that can grow: [`Machine`], or `Simulation` in native tests |
//! | [`Pool`] | the pages of one memory: obtained by growing, handed out, taken back |
//! | [`Linear`] | the module's own pool, as a backing for cores and heaps |
//! | [`PageSource`] | [`Linear`] or a [`&Pool`](Pool): where a heap takes its pages |

mod free_runs;
mod memory;
mod platform;
mod pool;
#[cfg(any(unix, windows))]
mod simulation;

#[cfg(not(any(unix, windows)))]
pub use self::platform::ProvideError;
#[cfg(any(unix, windows))]
pub use self::simulation::{Config, Simulation};
pub use self::{
    memory::{LinearMemory, MAX_PAGES, Machine, PAGE},
    pool::{Extent, Linear, PageSource, Pool, PoolStats},
};
