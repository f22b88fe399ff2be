//! Out of memory in Rust's own collections: `try_reserve` fails, the hook is told of what and in
//! which state, and the program goes on.

use std::{
    alloc::Layout,
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use bonsai_alloc::{
    Heap, Linear,
    heap::Policy,
    inspect::{Inspect, Stats},
    linear::PAGE,
};

/// All memory there is: as much as a failing test needs to say where it failed.
const MOST: usize = 1024 * PAGE;

static TOLD: Mutex<Option<(Layout, Stats)>> = Mutex::new(None);

struct Limited;
impl Policy for Limited {
    const OUT_OF_MEMORY: Option<fn(Layout, &Stats) -> bool> = Some(|layout, stats| {
        *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = Some((layout, *stats));
        false
    });

    fn growth(committed: usize, needed: usize) -> usize {
        if committed + needed > MOST { 0 } else { needed }
    }
}

#[global_allocator]
static HEAP: Heap<Linear, Limited> = Heap::with_policy();

/// Takes the layout and the figures that the hook was told since the last look.
fn told() -> Option<(Layout, Stats)> {
    TOLD.lock().unwrap().take()
}

/// A request of that many bytes was refused, and the hook knows it. With `checked` a block has some
/// bytes more.
#[track_caller]
fn refused<E>(outcome: Result<(), E>, bytes: usize, align: usize) {
    assert!(outcome.is_err(), "{bytes} bytes of {MOST}");
    let (layout, stats) = told().expect("the hook was not called");
    assert!((bytes..=bytes + 64).contains(&layout.size()), "{layout:?} for {bytes}");
    assert_eq!(layout.align(), align);
    assert!(stats.largest_free < bytes && stats.live_blocks > 0, "{stats:?}");
    HEAP.check().unwrap();
}

#[test]
fn collections_fail_to_reserve_and_the_program_goes_on() {
    let pattern: Vec<u64> = (0..5000).collect();
    let mut rows: Vec<Vec<u64>> = Vec::new();
    for round in 0..10 {
        refused(Vec::<u8>::new().try_reserve_exact(2 * MOST), 2 * MOST, 1);
        refused(String::new().try_reserve_exact(MOST + 1), MOST + 1, 1);
        refused(VecDeque::<u64>::new().try_reserve_exact(MOST), 8 * MOST, 8);
        // How large a table is, the collection decides.
        assert!(HashMap::<u64, u64>::new().try_reserve(MOST).is_err());
        assert!(told().unwrap().0.size() >= 16 * MOST);

        // Row after row, until memory ends.
        loop {
            let mut row = Vec::new();
            if rows.try_reserve(1).is_err() || row.try_reserve_exact(5000).is_err() {
                break;
            }
            row.extend_from_slice(&pattern);
            rows.push(row);
        }
        let (hook, sound) = (told(), HEAP.check());
        let (count, intact) = (rows.len(), rows.iter().all(|row| *row == pattern));
        rows = Vec::new();
        // Only now there is memory to panic with.
        assert!(hook.is_some() && sound.is_ok() && intact, "round {round}: {hook:?}, {sound:?}");
        assert!(count > MOST / 40_000 / 2, "round {round}: {count} rows");

        // As good as before.
        let tree: BTreeMap<_, _> = (0..1000).map(|n| (n, n.to_string())).collect();
        assert!(tree.iter().all(|(n, text)| n.to_string() == *text));
        Vec::<u8>::new().try_reserve_exact(MOST / 4).unwrap();
        assert_eq!(told(), None, "round {round}");
    }
}
