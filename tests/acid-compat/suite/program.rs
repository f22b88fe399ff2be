//! A small program that leans on all three allocators, as one that depends on acid_alloc would:
//! it counts words. Nodes of a tree come from a `Slab`, the words' letters from a `Bump`, the
//! buffers that the lines are read into from a `Buddy`.

use std::{
    alloc::Layout,
    cmp::Ordering,
    ptr::{self, NonNull},
};

use acid_alloc::{AllocError, AllocInitError, Buddy, Bump, Global, Slab};

/// A word, how often it was seen, and the words before and after it.
struct Node {
    word: NonNull<[u8]>,
    count: usize,
    before: Option<NonNull<Node>>,
    after: Option<NonNull<Node>>,
}

struct Counter {
    nodes: Slab<Global>,
    letters: Bump<Global>,
    lines: Buddy<1024, 7, Global>,
    root: Option<NonNull<Node>>,
}

impl Counter {
    fn new(words: usize) -> Result<Counter, AllocInitError> {
        Ok(Counter {
            nodes: Slab::try_new(size_of::<Node>(), words)?,
            letters: Bump::try_new(Layout::array::<u8>(16 * words).unwrap())?,
            lines: Buddy::try_new(1)?,
            root: None,
        })
    }

    /// Copies a line into a block of the buddy, counts its words there, and frees the block.
    fn line(&mut self, line: &str) -> Result<(), AllocError> {
        if line.is_empty() {
            return Ok(());
        }
        let buffer = self.lines.allocate(Layout::for_value(line))?;
        // SAFETY: the block is as long as the line and overlaps nothing.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(NonNull::from(line).cast(), line.len());
        }
        // SAFETY: the bytes were just copied there.
        let text: &[u8] = unsafe { buffer.as_ref() };
        let counted = text
            .split(|byte| !byte.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .try_for_each(|word| self.word(word));
        // SAFETY: the block was allocated above; no reference to it is left.
        unsafe { self.lines.deallocate(buffer.cast()) };
        counted
    }

    fn word(&mut self, word: &[u8]) -> Result<(), AllocError> {
        let mut link: *mut Option<NonNull<Node>> = &mut self.root;
        // SAFETY: `link` points to the root or into a live node.
        while let Some(node) = unsafe { link.read() } {
            // SAFETY: nodes live as long as the slab does, and no other reference to one exists.
            let node = unsafe { &mut *node.as_ptr() };
            // SAFETY: the letters live as long as the bump allocator does.
            match word.cmp(unsafe { node.word.as_ref() }) {
                Ordering::Less => link = &raw mut node.before,
                Ordering::Greater => link = &raw mut node.after,
                Ordering::Equal => {
                    node.count += 1;
                    return Ok(());
                }
            }
        }
        let copy = self.letters.allocate(Layout::for_value(word))?;
        // SAFETY: the block is as long as the word and overlaps nothing.
        unsafe {
            copy.cast::<u8>().copy_from_nonoverlapping(NonNull::from(word).cast(), word.len());
        }
        let node = self.nodes.allocate(Layout::new::<Node>())?.cast::<Node>();
        // SAFETY: the block fits a node.
        unsafe {
            node.write(Node { word: copy, count: 1, before: None, after: None });
        }
        // SAFETY: as for the read above.
        unsafe { ptr::write(link, Some(node)) };
        Ok(())
    }

    fn counts(&self) -> Vec<(String, usize)> {
        fn visit(node: Option<NonNull<Node>>, counts: &mut Vec<(String, usize)>) {
            let Some(node) = node else { return };
            // SAFETY: nodes live as long as the slab does.
            let node = unsafe { node.as_ref() };
            visit(node.before, counts);
            // SAFETY: the letters live as long as the bump allocator does.
            let word = unsafe { node.word.as_ref() };
            counts.push((String::from_utf8(word.to_vec()).unwrap(), node.count));
            visit(node.after, counts);
        }
        let mut counts = Vec::new();
        visit(self.root, &mut counts);
        counts
    }
}

const TEXT: &str = "\
a core owns arithmetic not memory
it is told of a region and hands out parts of it
it never asks for more by itself

whoever owns it asks for memory and gives it the new region";

#[test]
fn words_are_counted() {
    let mut counter = Counter::new(40).unwrap();
    for line in TEXT.lines() {
        counter.line(line).unwrap();
    }
    let mut expected = std::collections::BTreeMap::new();
    for word in TEXT.split_whitespace() {
        *expected.entry(word.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(counter.counts(), expected.into_iter().collect::<Vec<_>>());
    // Every line's buffer went back.
    assert!(counter.lines.allocate(Layout::new::<[u8; 1024]>()).is_ok());
}

#[test]
fn running_out_of_nodes_is_an_error_and_loses_no_word() {
    let mut counter = Counter::new(3).unwrap();
    assert_eq!(counter.line("one two three"), Ok(()));
    assert_eq!(counter.line("one four"), Err(AllocError));
    assert_eq!(counter.line("two two"), Ok(()));
    let counts = counter.counts();
    assert_eq!(counts, [("one".into(), 2), ("three".into(), 1), ("two".into(), 3)]);
}

#[test]
fn a_line_longer_than_the_largest_block_is_an_error() {
    let mut counter = Counter::new(3).unwrap();
    assert_eq!(counter.line(&"x".repeat(1025)), Err(AllocError));
    assert_eq!(counter.line(&"x".repeat(16)), Ok(()));
}
