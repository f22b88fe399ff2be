//! The programs over simulated memory.

use bonsai_alloc::linear::{Config, LinearMemory, Pool, Simulation};

use crate::{Surroundings, drive, program};

/// The place of the module's memory: its first address, and its limits.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The offset at which the module's data ends.
    pub heap_base: usize,
    /// The number of pages that it began with.
    pub pages: usize,
    /// The number of pages that it can have.
    pub max_pages: usize,
}

/// The log of a program over memory of that shape.
pub fn log(place: Place, heap: u32, kind: u32, seed: u64, chunks: usize) -> String {
    let Place { heap_base, pages, max_pages } = place;
    let config = Config { first_page: 0, pages, max_pages, heap_base: Some(heap_base) };
    let pool = Pool::new(Simulation::new(config));
    drive(heap, &pool, &pool, &program(kind, seed, chunks))
}

impl Surroundings for &Pool<Simulation> {
    fn origin(&self) -> usize {
        self.memory().addresses().start
    }

    fn pages(&self) -> usize {
        LinearMemory::pages(self.memory())
    }

    fn foreign(&self, pages: usize) {
        self.memory().foreign(pages);
    }
}
