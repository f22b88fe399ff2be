//! Cuts a failing sequence of operations down.

use crate::Operation;

/// A part of `operations`, and smaller numbers in it, with which `fails` still says true.
///
/// Delta debugging (A. Zeller, R. Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, IEEE
/// TSE 28:2, 2002) without its first phase: ever smaller chunks are left out while the rest still
/// fails. After that every number is made as small as it can be.
pub fn shrink(
    mut operations: Vec<Operation>,
    mut fails: impl FnMut(&[Operation]) -> bool,
) -> Vec<Operation> {
    let mut chunk = operations.len().div_ceil(2);
    loop {
        let mut at = 0;
        let mut cut = false;
        while at < operations.len() {
            let end = (at + chunk).min(operations.len());
            let rest = [&operations[..at], &operations[end..]].concat();
            if fails(&rest) {
                operations = rest;
                cut = true;
            } else {
                at = end;
            }
        }
        if chunk == 1 {
            if !cut {
                break;
            }
        } else {
            chunk = chunk.div_ceil(2);
        }
    }
    for at in 0..operations.len() {
        while let Some(simpler) = simpler(operations[at]).into_iter().find(|&simpler| {
            let mut candidate = operations.clone();
            candidate[at] = simpler;
            fails(&candidate)
        }) {
            operations[at] = simpler;
        }
    }
    operations
}

/// The same operation with one number made smaller.
fn simpler(operation: Operation) -> Vec<Operation> {
    fn sizes(size: usize) -> impl Iterator<Item = usize> {
        let candidates = [1, size / 2, size - size / 4, size.saturating_sub(1)];
        candidates.into_iter().filter(move |&smaller| 0 < smaller && smaller < size)
    }
    match operation {
        Operation::Allocate { slot, size, align } => {
            let mut all: Vec<_> =
                sizes(size).map(|size| Operation::Allocate { slot, size, align }).collect();
            if align > 1 {
                all.push(Operation::Allocate { slot, size, align: 1 });
                all.push(Operation::Allocate { slot, size, align: align / 2 });
            }
            all
        }
        Operation::Zeroed { slot, size, align } => {
            let mut all: Vec<_> =
                sizes(size).map(|size| Operation::Zeroed { slot, size, align }).collect();
            all.push(Operation::Allocate { slot, size, align });
            if align > 1 {
                all.push(Operation::Zeroed { slot, size, align: 1 });
            }
            all
        }
        Operation::Reallocate { slot, size } => {
            sizes(size).map(|size| Operation::Reallocate { slot, size }).collect()
        }
        Operation::Grow { slot, size } => {
            sizes(size).map(|size| Operation::Grow { slot, size }).collect()
        }
        Operation::Shrink { slot, size } => {
            sizes(size).map(|size| Operation::Shrink { slot, size }).collect()
        }
        Operation::Foreign { pages } => {
            sizes(pages).map(|pages| Operation::Foreign { pages }).collect()
        }
        Operation::Free { .. } | Operation::Reset | Operation::Refuse | Operation::Permit => {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    #[test]
    fn what_does_not_matter_goes_away() {
        let operations = Profile { reset: 1, foreign: 2, reallocate: 30, ..Profile::default() }
            .generate(5, 3000);
        // The bug: a block of 1000 bytes or more, and later foreign growth.
        let fails = |operations: &[Operation]| {
            let large = operations
                .iter()
                .position(|o| matches!(o, Operation::Allocate { size, .. } if *size >= 1000));
            large.is_some_and(|at| {
                operations[at..].iter().any(|o| matches!(o, Operation::Foreign { .. }))
            })
        };
        assert!(fails(&operations));
        let short = shrink(operations, fails);
        assert_eq!(short.len(), 2, "{short:?}");
        assert!(matches!(short[0], Operation::Allocate { size: 1000, align: 1, .. }));
        assert_eq!(short[1], Operation::Foreign { pages: 1 });
    }
}
