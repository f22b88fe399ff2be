//! Linear memories of wasm modules, recorded by `cargo xtask memories`, read by a decoder that knows
//! docs/heap-layout.md and nothing else: it sees the blocks that the heap's own `walk` saw. The page's
//! decoder reads the same files, in www/tests/modules/memories.test.ts.

mod damage;
mod layout;
mod recorded;

use layout::{Block, Heap, Memory, State};
use recorded::Recording;

fn read(recording: &Recording) -> Heap {
    match Memory::new(&recording.bytes).heap(recording.descriptor) {
        Ok(heap) => heap,
        Err(wrong) => panic!("{}: {wrong}", recording.name),
    }
}

fn size_of(blocks: &[Block], state: State) -> u64 {
    blocks.iter().filter(|block| block.state == state).map(|block| block.size).sum()
}

/// Blocks with free neighbours made one.
fn merged(blocks: &[Block]) -> Vec<Block> {
    let mut all: Vec<Block> = Vec::new();
    for block in blocks {
        match all.last_mut() {
            Some(last) if last.state == State::Free && block.state == State::Free => {
                last.size += block.size;
            }
            _ => all.push(*block),
        }
    }
    all
}

#[test]
fn each_memory_is_read_as_its_heap_walked() {
    for recording in recorded::all() {
        let heap = read(&recording);
        assert_eq!(heap.kind, recording.kind, "{}", recording.name);
        // A walk of `Heap` merges first what waits in quick lists.
        let merges = ["heap-", "heap3-"].iter().any(|name| recording.name.starts_with(name));
        let view = |blocks: &[Block]| if merges { merged(blocks) } else { blocks.to_vec() };
        let (ours, theirs) = (view(&heap.blocks), view(&recording.blocks));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{}", recording.name);
        }
        assert_eq!(ours.len(), theirs.len(), "{}", recording.name);
    }
}

#[test]
fn blocks_add_up_to_what_each_heap_obtained() {
    for recording in recorded::all() {
        let heap = read(&recording);
        let owned = [State::Live, State::Free, State::Meta];
        let sum = owned.map(|state| size_of(&heap.blocks, state)).iter().sum();
        let committed = (recording.kind != 4).then_some(sum);
        assert_eq!(heap.committed, committed, "{}", recording.name);
        assert_eq!(heap.growths.is_some(), committed.is_some(), "{}", recording.name);
        if recording.name.ends_with("-new") {
            assert_eq!((sum, heap.growths.unwrap_or(0)), (0, 0), "{}", recording.name);
        }
    }
}

/// The recordings contain each thing that the page describes: else no reader were held to it.
#[test]
fn the_recordings_have_what_the_page_describes() {
    let old = recorded::all().filter(|recording| recording.name.ends_with("-old"));
    for recording in old.filter(|recording| recording.kind != 4) {
        let heap = read(&recording);
        assert!(heap.growths > Some(5), "{}: {:?} growths", recording.name, heap.growths);
        for state in [State::Live, State::Free, State::Meta, State::Gap] {
            assert!(size_of(&heap.blocks, state) > 0, "{}: nothing is {state:?}", recording.name);
        }
    }
    let heaps: Vec<_> = recorded::all().filter(|recording| recording.kind == 5).collect();
    let is_last = |recording: &Recording| recording.blocks.last().map(|block| block.state);
    for state in [State::Meta, State::Free] {
        assert!(
            heaps.iter().any(|heap| is_last(heap) == Some(state)),
            "no heap ends so: {state:?}"
        );
    }
    // Free runs that touch are merged, unless they wait in a quick list.
    let free = |pair: &[Block]| pair.iter().all(|block| block.state == State::Free);
    for name in ["heap-", "heap1-", "heap3-"] {
        let of = || heaps.iter().filter(|heap| heap.name.starts_with(name));
        assert!(of().any(|heap| read(heap).blocks.windows(2).any(free)), "no block waits: {name}");
        let tables = |blocks: &[Block]| blocks.iter().filter(|b| b.state == State::Meta).count();
        assert!(of().any(|heap| tables(&heap.blocks) > 4), "no regions: {name}");
    }
}
