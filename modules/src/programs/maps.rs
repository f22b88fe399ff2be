//! A program that keeps its data in the standard library's collections.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    hash::{BuildHasherDefault, DefaultHasher},
    rc::Rc,
};

use super::text::{Random, checksum, sentence, word};

/// A hash map whose order is the same every time.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// An index of documents: words to sets of documents, documents to their words, a queue of the most
/// recent ones, of which the oldest goes when a new one comes.
#[cfg(feature = "maps")]
pub fn mix(documents: usize, random: &mut Random) -> u64 {
    let mut index: BTreeMap<Rc<str>, BTreeSet<u32>> = BTreeMap::new();
    let mut names: Map<String, Rc<str>> = Map::default();
    let mut texts: Map<u32, Vec<Rc<str>>> = Map::default();
    let mut recent = VecDeque::new();
    let mut sum = 0_u64;
    for id in 0..documents as u32 {
        let text = sentence(5 + random.below(60), random);
        let words: Vec<Rc<str>> = text
            .split(' ')
            .map(|word| match names.get(word) {
                Some(name) => Rc::clone(name),
                None => {
                    let name: Rc<str> = word.into();
                    names.insert(word.to_owned(), Rc::clone(&name));
                    name
                }
            })
            .collect();
        for word in &words {
            index.entry(Rc::clone(word)).or_default().insert(id);
        }
        texts.insert(id, words);
        recent.push_back((id, text));
        if recent.len() > 400 {
            let (old, text) = recent.pop_front().expect("it is not empty");
            sum ^= checksum(text.as_bytes());
            for word in texts.remove(&old).into_iter().flatten() {
                if let Some(ids) = index.get_mut(&word) {
                    ids.remove(&old);
                    if ids.is_empty() {
                        index.remove(&word);
                        names.remove(&*word);
                    }
                }
            }
        }
        if id % 16 == 0 {
            let wanted = word(random);
            let found = index.range::<Rc<str>, _>(Rc::from(wanted)..).take(5);
            sum = sum.rotate_left(3)
                ^ found.map(|(word, ids)| (word.len() * ids.len()) as u64).sum::<u64>();
        }
    }
    sum ^ index.len() as u64 ^ (texts.len() as u64) << 32
}
