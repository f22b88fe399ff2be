//! The text that is printed.

use std::{fmt::Write as _, time::Duration};

use bonsai_alloc::linear::PAGE;
use bonsai_testkit::recording::{Plan, Recording};

use crate::contestants::{Cost, Outcome};

/// Returns a line on the trace, and on the parts of it that are missing.
pub fn summary(recording: &Recording, plan: &Plan) -> String {
    let kinds = ["an unknown allocator", "bump", "buddy", "slab", "tiny", "heap"];
    let kind = kinds.get(recording.kind as usize).unwrap_or(&kinds[0]);
    let mut text = format!(
        "{} records of {kind}, {} operations; at most {} live\n",
        recording.records.len(),
        plan.operations.len(),
        bytes(plan.peak),
    );
    for (count, what) in [
        (recording.threads() as u64, "threads, whose operations are done by one"),
        (recording.lost, "records were lost: the figures are of what is left"),
        (plan.unknown_frees, "frees of blocks from before the trace, left out"),
        (plan.unknown_reallocations, "reallocations of such blocks, made allocations"),
        (plan.implied_frees, "blocks whose free was lost, freed where their address came again"),
        (plan.refused, "requests that had been refused, left out"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {count} {what}");
        }
    }
    text
}

/// A line a heap.
pub fn comparison(outcomes: &[(&str, Outcome)]) -> String {
    let mut text = format!(
        "\n{:<6} {:>10} {:>10} {:>8} {:>10} {:>8} {:>13} {:>8}\n",
        "heap", "time", "ns / op", "pages", "memory", "growths", "largest free", "refused"
    );
    for (name, outcome) in outcomes {
        let _ = writeln!(
            text,
            "{name:<6} {:>10} {:>10.1} {:>8} {:>10} {:>8} {:>13} {:>8}",
            milliseconds(outcome.time),
            each(outcome.time, outcome.operations),
            outcome.pages,
            bytes((outcome.pages * PAGE) as u64),
            outcome.growths,
            bytes(outcome.largest_free as u64),
            outcome.refused,
        );
    }
    text + "\nNatively, with words of 64 bits: a free block's links, and so the smallest blocks, are larger than on wasm32.\n"
}

/// Returns a line on the cost of recording.
pub fn cost(cost: &Cost) -> String {
    let ns = |time| each(time, cost.operations);
    format!(
        "\nSlabHeap, ns an operation: {:.1} plain, {:.1} traced but off, {:.1} recording: {:.1} a record (of 32 bytes here, 16 on wasm32)\n",
        ns(cost.plain),
        ns(cost.off),
        ns(cost.on),
        ns(cost.on) - ns(cost.plain),
    )
}

fn each(time: Duration, operations: usize) -> f64 {
    time.as_secs_f64() * 1e9 / operations.max(1) as f64
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::HEAPS;
    use bonsai_testkit::recording::kind;

    /// A thousand blocks of 100 bytes, every second one freed; then a large one.
    fn sample() -> Recording {
        let mut records: Vec<_> =
            (1..=1000).map(|n| [kind::ALLOCATE | 3 << 8, n * 128, 100, 0]).collect();
        records.extend((1..=500).map(|n| [kind::DEALLOCATE | 3 << 8, n * 256, 100, 0]));
        records.push([kind::ALLOCATE, 1 << 20, 1 << 20, 0]);
        records.push([kind::DEALLOCATE, 1 << 30, 8, 0]);
        Recording { records, kind: 3, lost: 3, ..Recording::default() }
    }

    #[test]
    fn every_heap_replays_it_and_what_it_needs_is_plausible() {
        let plan = Plan::of(&sample());
        assert_eq!(plan.operations.len(), 1501);
        for heap in HEAPS {
            let outcome = (heap.replay)(&plan);
            assert_eq!((outcome.refused, outcome.operations), (0, 1501), "{}", heap.name);
            let least = plan.peak as usize / PAGE;
            assert!((least..4 * least).contains(&outcome.pages), "{}: {outcome:?}", heap.name);
            assert!(outcome.growths > 0);
        }
        let pages = |name: &str| {
            let heap = HEAPS.iter().find(|heap| heap.name == name).unwrap();
            (heap.replay)(&plan).pages
        };
        assert!(pages("heap") <= pages("tiny"), "a power of two needs no less");
    }

    #[test]
    fn the_tables_say_what_is_known() {
        let recording = sample();
        let plan = Plan::of(&recording);
        let text = summary(&recording, &plan);
        assert!(
            text.starts_with("1502 records of slab, 1501 operations; at most 1.0 MiB live"),
            "{text}"
        );
        assert!(text.contains("3 records were lost") && text.contains("1 frees"), "{text}");
        assert!(!text.contains("refused"));
        let outcome = Outcome {
            time: Duration::from_millis(3),
            operations: 1000,
            pages: 20,
            largest_free: 2048,
            ..Outcome::default()
        };
        let line = comparison(&[("slab", outcome)]);
        for figure in ["slab", "3.00 ms", "3000.0", "20", "1.2 MiB", "2.0 KiB"] {
            assert!(line.contains(figure), "{figure} in {line}");
        }
    }
}
