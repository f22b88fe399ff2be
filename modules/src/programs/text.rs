//! Text from a seed: words, sentences, paragraphs.

pub use crate::random::Random;

/// Syllables make words that are long and short, frequent and rare.
const SYLLABLES: [&str; 24] = [
    "al", "be", "con", "da", "en", "fi", "gra", "ho", "in", "ju", "ka", "lo", "me", "no", "or",
    "pre", "qua", "ri", "sta", "tu", "un", "ver", "wo", "za",
];

pub fn word(random: &mut Random) -> String {
    let syllables = 1 + random.below(4);
    (0..syllables).map(|_| *random.pick(&SYLLABLES)).collect()
}

pub fn sentence(words: usize, random: &mut Random) -> String {
    let mut text = String::new();
    for at in 0..words {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(&word(random));
    }
    text
}

/// A checksum of bytes: FNV-1a.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
