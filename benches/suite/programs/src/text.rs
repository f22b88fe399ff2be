//! Text from a seed: words, sentences, paragraphs.

/// SplitMix64.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u32) -> Random {
        Random(u64::from(seed) << 32 | 0x9e37_79b9)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

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
