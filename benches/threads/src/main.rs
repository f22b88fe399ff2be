//! The loads in threads of the operating system: `LOAD THREADS ROUNDS`. Prints nanoseconds from the
//! first start to the last end, and the peak of resident memory in KiB.

use std::{
    sync::{Barrier, Mutex},
    thread,
    time::Instant,
};

use bonsai_bench_threads::{larson, own, sound, turns};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
    let load = match words.first().map(String::as_str) {
        Some("own") => own,
        Some("larson") => larson,
        Some("turns") => turns,
        _ => panic!("the load is own, larson or turns"),
    };
    let (Some(threads), Some(rounds)) = (number(1), number(2)) else {
        panic!("how many threads, and how many rounds?");
    };
    let barrier = Barrier::new(threads as usize);
    let times = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 1..=threads {
            let (barrier, times) = (&barrier, &times);
            scope.spawn(move || {
                load(thread * 7_919, rounds / 8);
                barrier.wait();
                let start = Instant::now();
                load(thread * 104_729, rounds);
                let end = Instant::now();
                times.lock().unwrap().push((start, end));
            });
        }
    });
    assert!(sound(), "the allocator's books are damaged");
    let times = times.into_inner().unwrap();
    let start = times.iter().map(|time| time.0).min().unwrap();
    let end = times.iter().map(|time| time.1).max().unwrap();
    println!("{} {}", (end - start).as_nanos(), peak());
}

/// The most memory that was resident, in KiB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
