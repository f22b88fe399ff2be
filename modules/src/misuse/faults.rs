//! A program's calls, one an export, for a host that makes memory fail between and within them:
//! `faults.mjs` says which calls follow each other, and when.
//!
//! The program's own data lie in a static: only blocks of the allocator are exposed to the faults.

use std::{
    alloc::{Layout, alloc, dealloc, realloc},
    cell::RefCell,
};

/// More than any program of faults.mjs holds at once.
const MOST: usize = 4096;

/// A live block, every byte of which is `paint`; 0 if nothing was written to it.
#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    size: usize,
    align: usize,
    paint: u8,
}

impl Block {
    /// All zero, so that the table of blocks takes no room in the module.
    const NONE: Block = Block { start: std::ptr::null_mut(), size: 0, align: 0, paint: 0 };

    fn layout(&self) -> Layout {
        Layout::from_size_align(self.size, self.align).expect("a block was had for it")
    }

    fn holds(&self, bytes: usize) -> bool {
        if self.paint == 0 {
            return true;
        }
        // SAFETY: live, painted, and at least that long.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, bytes) };
        bytes.iter().all(|&byte| byte == self.paint)
    }
}

struct Program {
    blocks: [Block; MOST],
    live: usize,
    next: u8,
    /// True if a block that is gone had not held its bytes, or was not aligned.
    damaged: bool,
}

impl Program {
    /// The block in the place of one that there is, or behind the last one.
    fn put(&mut self, index: usize, start: *mut u8, layout: Layout) {
        self.next = self.next.wrapping_add(1) | 1;
        self.damaged |= start.addr() % layout.align() != 0;
        // SAFETY: live, and that long.
        unsafe { start.write_bytes(self.next, layout.size()) };
        let (size, align) = (layout.size(), layout.align());
        self.blocks[index] = Block { start, size, align, paint: self.next };
        self.live = self.live.max(index + 1);
    }
}

thread_local! {
    static PROGRAM: RefCell<Program> = const {
        RefCell::new(Program { blocks: [Block::NONE; MOST], live: 0, next: 0, damaged: false })
    };
}

/// Allocates a block, the last one from then on. Returns false if there is none.
#[unsafe(no_mangle)]
extern "C" fn allocate(size: usize, align: usize) -> bool {
    PROGRAM.with_borrow_mut(|program| {
        let layout = Layout::from_size_align(size, align).expect("a size and an alignment");
        // SAFETY: no caller asks for 0 bytes.
        let start = unsafe { alloc(layout) };
        if !start.is_null() {
            program.put(program.live, start, layout);
        }
        !start.is_null()
    })
}

/// Allocates a block, and writes nothing to it, so that it may be larger than the host's memory.
/// Returns false if there is none.
#[unsafe(no_mangle)]
extern "C" fn hold(size: usize) -> bool {
    PROGRAM.with_borrow_mut(|program| {
        let layout = Layout::from_size_align(size, 8).expect("a size");
        // SAFETY: no caller asks for 0 bytes.
        let start = unsafe { alloc(layout) };
        if !start.is_null() {
            program.blocks[program.live] = Block { start, size, align: 8, paint: 0 };
            program.live += 1;
        }
        !start.is_null()
    })
}

/// Resizes a block. Returns false if that failed; then it must be as it was.
#[unsafe(no_mangle)]
extern "C" fn resize(index: usize, size: usize) -> bool {
    PROGRAM.with_borrow_mut(|program| {
        let old = program.blocks[index];
        // SAFETY: live, with its layout; no caller asks for 0 bytes.
        let start = unsafe { realloc(old.start, old.layout(), size) };
        if start.is_null() {
            program.damaged |= !old.holds(old.size);
            return false;
        }
        program.damaged |= !Block { start, ..old }.holds(size.min(old.size));
        program.put(index, start, Block { size, ..old }.layout());
        true
    })
}

/// Frees a block; the last one takes its number.
#[unsafe(no_mangle)]
extern "C" fn free(index: usize) {
    PROGRAM.with_borrow_mut(|program| {
        let block = program.blocks[index];
        program.damaged |= !block.holds(block.size);
        program.live -= 1;
        program.blocks[index] = program.blocks[program.live];
        // SAFETY: live, with its layout.
        unsafe { dealloc(block.start, block.layout()) };
    });
}

/// Returns the number of live blocks.
#[unsafe(no_mangle)]
extern "C" fn live() -> usize {
    PROGRAM.with_borrow(|program| program.live)
}

/// Returns the size that a block was allocated for, or resized to.
#[unsafe(no_mangle)]
extern "C" fn size_of(index: usize) -> usize {
    PROGRAM.with_borrow(|program| program.blocks[index].size)
}

/// Returns true if every block held its bytes, those that are gone included.
#[unsafe(no_mangle)]
extern "C" fn intact() -> bool {
    PROGRAM.with_borrow(|program| {
        let live = &program.blocks[..program.live];
        !program.damaged && live.iter().all(|block| block.holds(block.size))
    })
}

/// Returns true if so many bytes can be reserved for a vector.
#[unsafe(no_mangle)]
extern "C" fn reserve(bytes: usize) -> bool {
    let mut vector: Vec<u8> = Vec::new();
    let had = vector.try_reserve_exact(bytes).is_ok();
    std::hint::black_box(&mut vector);
    had
}

/// Returns the number of strings that can be kept until memory ends, found by `try_reserve`.
#[unsafe(no_mangle)]
extern "C" fn fill() -> usize {
    let mut strings: Vec<String> = Vec::new();
    loop {
        let mut string = String::new();
        if strings.try_reserve(1).is_err() || string.try_reserve(1000).is_err() {
            return strings.len();
        }
        string.push_str("kept");
        strings.push(string);
    }
}
