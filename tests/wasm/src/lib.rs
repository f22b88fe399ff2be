//! The bodies of the tests beside this crate, each of which is a module with a global allocator of its own.
//! The module's memory grows, or with the feature `fixed` it cannot.
//!
//! Every body computes what memory must contain from where it stands, writes it, and reads it back after
//! others have been allocated, moved and freed around it.
//!
//! [`suite!`] makes the tests of a module from them.

use std::{
    alloc::{self, Layout},
    collections::{BTreeMap, HashMap},
    hint::black_box,
};

use fastrand::Rng;

/// Returns byte `i` of the buffer `id`.
fn byte(id: usize, i: usize) -> u8 {
    (id.wrapping_mul(0x9E37_79B1) >> 16) as u8 ^ i as u8
}

fn paint(buffer: &mut [u8], id: usize, from: usize) {
    for (i, cell) in buffer.iter_mut().enumerate().skip(from) {
        *cell = byte(id, i);
    }
}

fn assert_painted(buffer: &[u8], id: usize) {
    for (i, &cell) in buffer.iter().enumerate() {
        assert_eq!(cell, byte(id, i), "byte {i} of buffer {id} at {:p}", buffer.as_ptr());
    }
}

/// Buffers of random sizes that come, grow, shrink and go.
pub fn churn(operations: usize, mut between: impl FnMut(usize)) {
    let mut random = Rng::with_seed(0x1234_5678);
    let mut live: HashMap<usize, Vec<u8>> = HashMap::new();
    for id in 0..operations {
        let scale = 1 + random.usize(..12);
        let size = 1 + random.usize(..1 << scale);
        let chosen = live.keys().nth(random.usize(..live.len().max(1))).copied();
        match (random.usize(..8), chosen) {
            (0..=3, _) | (_, None) => {
                let mut buffer = vec![0; size];
                paint(&mut buffer, id, 0);
                live.insert(id, buffer);
            }
            (4, Some(old)) => {
                let buffer = live.get_mut(&old).unwrap();
                let len = buffer.len();
                buffer.resize(len + size, 0);
                paint(buffer, old, len);
            }
            (5, Some(old)) => {
                let buffer = live.get_mut(&old).unwrap();
                buffer.truncate(size);
                buffer.shrink_to_fit();
            }
            (_, Some(old)) => assert_painted(&live.remove(&old).unwrap(), old),
        }
        between(id);
    }
    for (id, buffer) in live {
        assert_painted(&buffer, id);
    }
}

/// Vec, String, BTreeMap and HashMap, filled, thinned out and filled again, hold what was put in.
pub fn collections() {
    let mut tree = BTreeMap::new();
    let mut table = HashMap::new();
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for round in 0..3_usize {
        for n in 0..1000 {
            let key = format!("key {}", n * 7919 % 1000);
            tree.insert(key.clone(), (round, "é".repeat(n % 50)));
            table.insert(n, vec![key; 1 + n % 3]);
            rows.push((0..n as u32 % 100).collect());
        }
        tree.retain(|key, _| key.len() % 2 == round % 2);
        table.retain(|n, _| n % 3 != round);
        rows.retain(|row| row.len() % 2 == 0);
    }
    for (key, (round, text)) in &tree {
        let n: usize = key.strip_prefix("key ").unwrap().parse().unwrap();
        assert!(*round < 3);
        assert!(text.chars().all(|c| c == 'é'), "{key}: {text}");
        assert!(n < 1000);
    }
    assert_eq!(tree.len(), (0..1000).filter(|n| format!("key {n}").len() % 2 == 0).count());
    for (n, keys) in &table {
        assert_eq!(keys.len(), 1 + n % 3);
        assert!(keys.iter().all(|key| *key == format!("key {}", n * 7919 % 1000)));
    }
    assert_eq!(table.len(), 667);
    for row in &rows {
        assert!(row.iter().copied().eq(0..row.len() as u32));
    }
}

/// Blocks are aligned as asked, up to `largest`, beside blocks that are not, and hold what is written to
/// them.
pub fn alignment(largest: usize) {
    #[derive(Clone)]
    #[repr(align(4096))]
    struct Sheet([u8; 5000]);

    let mut sheets = Vec::new();
    let mut between = Vec::new();
    for id in 0..20 {
        let mut sheet = Box::new(Sheet([0; 5000]));
        assert_eq!((&raw const *sheet).addr() % 4096, 0);
        paint(&mut sheet.0, id, 0);
        sheets.push(sheet);
        between.push(Box::new(id as u8));
    }
    let mut align = 1;
    while align <= largest {
        for size in [1, 100, 3 * align / 2] {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the size is not 0.
            let block = unsafe { alloc::alloc(layout) };
            assert!(!block.is_null(), "{layout:?}");
            assert_eq!(block.addr() % align, 0, "{layout:?}");
            // SAFETY: the block is that large, and nobody else's.
            let bytes = unsafe { std::slice::from_raw_parts_mut(block, size) };
            paint(bytes, align, 0);
            assert_painted(bytes, align);
            // SAFETY: allocated with that layout just now.
            unsafe { alloc::dealloc(block, layout) };
        }
        align *= 2;
    }
    for (id, sheet) in sheets.iter().enumerate() {
        assert_painted(&sheet.0, id);
        assert_eq!(*between[id], id as u8);
    }
}

/// Buffers that grow step by step keep their contents, whether the next one is in the way or not.
pub fn growth() {
    let mut buffers = vec![Vec::new(); 5];
    for step in 1..200 {
        for (id, buffer) in buffers.iter_mut().enumerate() {
            let from = buffer.len();
            buffer.resize(from + step * (id + 1), 0);
            paint(buffer, id, from);
        }
    }
    for (id, buffer) in buffers.iter().enumerate() {
        assert_eq!(buffer.len(), 19_900 * (id + 1));
        assert_painted(buffer, id);
    }
    let mut alone = Vec::new();
    for n in 0..300_000_u32 {
        alone.push(n);
    }
    assert!(alone.iter().copied().eq(0..300_000));
    alone.truncate(10);
    alone.shrink_to_fit();
    assert_eq!(alone, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

/// Memory asked for as zero is zero, fresh or used before.
pub fn zeroed() {
    for round in 0..3 {
        for size in [1, 8, 24, 500, 4096, 70_000, 300_000] {
            let mut clean = vec![0_u8; size];
            for (i, &byte) in black_box(&clean).iter().enumerate() {
                assert_eq!(byte, 0, "byte {i} of {size}, round {round}");
            }
            clean.fill(0xFF);
            black_box(&clean);
            // The same block is what the next allocation of the size is likely to get.
            drop(clean);
            let again = vec![0_u8; size];
            assert!(black_box(&again).iter().all(|&byte| byte == 0), "{size}, round {round}");
        }
    }
}

/// Memory is used up, down to the last small block; each failure is an `Err` and no trap, and
/// what is then freed can be had again.
///
/// Everything is freed in the reverse order of its allocation, so that a bump allocator gives it
/// back as well.
pub fn exhaustion() {
    let mut held: Vec<Vec<u8>> = Vec::with_capacity(4096);
    let mut total = 0;
    let mut size = 1 << 20;
    let mut first_failure = None;
    while size >= 256 {
        let mut buffer: Vec<u8> = Vec::new();
        match buffer.try_reserve_exact(size) {
            Ok(()) => {
                let id = held.len();
                buffer.extend((0..size).map(|i| byte(id, i)));
                total += size;
                assert!(held.len() < held.capacity(), "this memory has no end");
                held.push(buffer);
            }
            Err(_) => {
                first_failure.get_or_insert(size);
                size /= 2;
            }
        }
    }
    assert_eq!(
        first_failure,
        Some(1 << 20),
        "the large ones fail first, the small ones still work"
    );
    assert!(total > 4 << 20, "{total} bytes are not all that was there");
    while let Some(buffer) = held.pop() {
        assert_painted(&buffer, held.len());
    }
    let mut buffer: Vec<u8> = Vec::new();
    buffer.try_reserve_exact(1 << 20).unwrap();
    buffer.resize(1 << 20, 7);
    assert!(buffer.iter().all(|&byte| byte == 7));
}

/// Tests beside somebody else who grows memory, which only a module can do to its own.
#[cfg(target_arch = "wasm32")]
mod module {
    use std::arch::wasm32::{memory_grow, memory_size};

    use super::{churn, collections, growth};

    const PAGE: usize = 65_536;

    /// Pages that the test has grown itself, as JavaScript or another allocator may.
    #[derive(Debug)]
    struct Foreign {
        pages: &'static mut [u8],
        id: u8,
    }

    impl Foreign {
        fn grow(pages: usize, id: u8) -> Self {
            let before = memory_grow(0, pages);
            assert_ne!(before, usize::MAX, "memory.grow refused {pages} pages");
            let start = std::ptr::with_exposed_provenance_mut(before * PAGE);
            // SAFETY: pages fresh from memory.grow are nobody else's.
            let pages = unsafe { std::slice::from_raw_parts_mut(start, pages * PAGE) };
            pages.fill(id);
            Foreign { pages, id }
        }

        fn assert_untouched(&self) {
            let position = self.pages.iter().position(|&byte| byte != self.id);
            assert_eq!(position, None, "a foreign page was written to");
        }
    }

    /// Somebody else grows memory again and again; the allocator leaves those pages alone, and they do
    /// not disturb it.
    pub fn foreign_growth() {
        let mut random = fastrand::Rng::with_seed(0xC0FF_EE11);
        let mut foreign = vec![Foreign::grow(3, 0xF0)];
        churn(3000, |n| {
            if n % 500 == 0 {
                let pages = 1 + random.usize(..3);
                foreign.push(Foreign::grow(pages, 0xF1 + (n / 500) as u8));
            }
        });
        growth();
        collections();
        assert!(foreign.len() > 5);
        foreign.iter().for_each(Foreign::assert_untouched);
    }

    /// The host refuses to grow that far: an `Err`, no page more, and the next smaller request works.
    pub fn refused_growth() {
        let before = memory_size(0);
        let mut buffer: Vec<u8> = Vec::new();
        assert!(buffer.try_reserve_exact(1 << 30).is_err());
        assert!(buffer.try_reserve_exact(isize::MAX as usize).is_err());
        assert_eq!(memory_size(0), before, "what was refused has changed memory");
        buffer.try_reserve_exact(1 << 20).unwrap();
        buffer.resize(1 << 20, 7);
        assert!(buffer.iter().all(|&byte| byte == 7));
    }

    /// Asserts that this memory cannot grow.
    pub fn assert_fixed() {
        assert_eq!(memory_grow(0, 1), usize::MAX, "this memory can grow");
    }
}

#[cfg(target_arch = "wasm32")]
pub use module::{assert_fixed, foreign_growth, refused_growth};

/// Makes the tests of a module whose memory grows; the heap is verified after each.
#[cfg(not(feature = "fixed"))]
#[macro_export]
macro_rules! suite {
    ($verify:expr) => {
        $crate::tests!($verify,
            collections => $crate::collections(),
            churn => $crate::churn(10_000, |_| ()),
            alignment => $crate::alignment(1 << 20),
            growth => $crate::growth(),
            zeroed => $crate::zeroed(),
            foreign_growth => $crate::foreign_growth(),
            refused_growth => $crate::refused_growth(),
        );
    };
}

/// Makes the tests of a module whose memory cannot grow; the heap is verified after each.
#[cfg(feature = "fixed")]
#[macro_export]
macro_rules! suite {
    ($verify:expr) => {
        $crate::tests!($verify,
            it_is_fixed => $crate::assert_fixed(),
            collections => $crate::collections(),
            churn => $crate::churn(3_000, |_| ()),
            alignment => $crate::alignment(1 << 17),
            growth => $crate::growth(),
            zeroed => $crate::zeroed(),
            exhaustion => $crate::exhaustion(),
            exhaustion_again => $crate::exhaustion(),
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($verify:expr, $($name:ident => $body:expr,)*) => {
        wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

        $(
            #[wasm_bindgen_test::wasm_bindgen_test]
            fn $name() {
                $body;
                $verify;
            }
        )*
    };
}
