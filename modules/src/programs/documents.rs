//! Programs that read one kind of document and write another.

use std::fmt::Write as _;

use super::text::{Random, checksum, sentence, word};

/// serde_json: records are made, written, read back as a tree of values, edited, written.
#[cfg(feature = "serde_json")]
pub fn json(records: usize, random: &mut Random) -> u64 {
    use serde_json::{Value, json};

    let all: Vec<Value> = (0..records)
        .map(|id| {
            let tags: Vec<_> = (0..random.below(6)).map(|_| word(random)).collect();
            let notes = sentence(random.below(30), random);
            json!({
                "id": id,
                "name": sentence(2, random),
                "score": random.below(1_000_000) as f64 / 1000.0,
                "tags": tags,
                "address": { "street": sentence(2, random), "number": random.below(200) },
                "notes": if notes.is_empty() { Value::Null } else { Value::String(notes) },
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&all).expect("values are written");
    drop(all);
    let mut sum = checksum(text.as_bytes());
    let mut read: Value = serde_json::from_str(&text).expect("what was written is read");
    for record in read.as_array_mut().into_iter().flatten() {
        record["tags"].as_array_mut().into_iter().for_each(|tags| tags.push("edited".into()));
        if record["id"].as_u64().is_some_and(|id| id % 3 == 0) {
            record["notes"].take();
        }
    }
    let written = serde_json::to_vec(&read).expect("values are written");
    sum ^= checksum(&written).rotate_left(1);
    sum
}

/// pulldown-cmark: a long document in Markdown becomes HTML.
#[cfg(feature = "pulldown-cmark")]
pub fn markdown(chapters: usize, random: &mut Random) -> u64 {
    use pulldown_cmark::{Options, Parser, html};

    let mut source = String::new();
    for chapter in 0..chapters {
        let _ = writeln!(source, "# {chapter}. {}\n", sentence(4, random));
        for _ in 0..12 {
            let _ = writeln!(source, "## {}\n", sentence(3, random));
            let _ = write!(source, "{} *{}*", sentence(40, random), word(random));
            let _ = writeln!(source, " and **{}**.", word(random));
            let _ = writeln!(source, "[{}](https://example.org/{})\n", word(random), word(random));
            for item in 0..random.below(8) {
                let indent = "  ".repeat(item % 3);
                let _ = writeln!(source, "{indent}- {} `{}`", sentence(6, random), word(random));
            }
            let _ = writeln!(source, "\n| a | b |\n|---|---|");
            for _ in 0..random.below(10) {
                let _ = writeln!(source, "| {} | {} |", word(random), sentence(3, random));
            }
            let _ = writeln!(source, "\n```rust\nlet {} = 1;\n```\n", word(random));
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(&source, Options::all()));
    checksum(page.as_bytes())
}

/// regex: expressions are compiled and look through a log.
#[cfg(feature = "regex")]
pub fn regex(lines: usize, random: &mut Random) -> u64 {
    use regex::{Captures, Regex};

    let mut log = String::new();
    for _ in 0..lines {
        let level = random.pick(&["INFO", "WARN", "ERROR", "DEBUG"]);
        let (hour, minute) = (random.below(24), random.below(60));
        let _ = writeln!(
            log,
            "2026-11-{:02}T{hour:02}:{minute:02} {level} {}@{}.org: {} took {} ms",
            1 + random.below(30),
            word(random),
            word(random),
            sentence(8, random),
            random.below(5000),
        );
    }
    let mut sum = 0_u64;
    for expression in [
        r"(?m)^(?<day>\d{4}-\d\d-\d\d)T(?<hour>\d\d):\d\d (?<level>WARN|ERROR)",
        r"(?i)[a-z]+@([a-z]+)\.(org|com|net)",
        r"\b(\w*ver\w*|\w*qua)\b",
        r"took (\d{3,}) ms",
        r"(?:al|be|con){2,}(?<rest>\w*)",
    ] {
        let found = Regex::new(expression).expect("it is an expression");
        for captures in found.captures_iter(&log) {
            sum += captures.iter().flatten().map(|part| part.len() as u64).sum::<u64>();
        }
        let replaced =
            found.replace_all(&log, |captures: &Captures<'_>| captures[0].to_uppercase());
        sum ^= checksum(replaced.as_bytes());
    }
    sum
}

/// miniz_oxide: text is compressed at several levels and decompressed.
#[cfg(feature = "miniz_oxide")]
pub fn deflate(sentences: usize, random: &mut Random) -> u64 {
    use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib};

    let mut text = String::new();
    for _ in 0..sentences {
        let _ = writeln!(text, "{}.", sentence(10, random));
    }
    let mut sum = 0_u64;
    for level in [1, 6] {
        for part in text.as_bytes().chunks(16_000) {
            let packed = compress_to_vec_zlib(part, level);
            let unpacked = decompress_to_vec_zlib(&packed).expect("what was packed is unpacked");
            assert_eq!(unpacked, part);
            sum = sum.rotate_left(1) ^ checksum(&packed);
        }
    }
    sum
}

/// minijinja: a template with macros and loops makes a page of a record of the benchmarks.
#[cfg(feature = "minijinja")]
pub fn template(rounds: usize, random: &mut Random) -> u64 {
    use minijinja::{Environment, Value, context, value::Serde};

    let record: serde_json::Value = serde_json::from_str(include_str!(
        "../../../benches/results/2026-11-23-quick-browsers.json"
    ))
    .expect("it is a record");
    let mut sum = 0_u64;
    for _ in 0..rounds {
        let mut environment = Environment::new();
        environment
            .add_template("report.html", include_str!("../../input/report.html"))
            .expect("it is a template");
        let template = environment.get_template("report.html").expect("it was added");
        let mut record = record.clone();
        record["commit"] = word(random).into();
        let page = template
            .render(context! { record => Value::from(Serde(&record)) })
            .expect("the template fits the record");
        sum = sum.rotate_left(1) ^ checksum(page.as_bytes());
    }
    sum
}

/// usvg: two charts of the documentation are parsed, their styles resolved, their shapes made paths.
#[cfg(feature = "usvg")]
pub fn picture(rounds: usize, random: &mut Random) -> u64 {
    use usvg::{Group, Node, Options, Tree};

    fn look(group: &Group) -> u64 {
        group.children().iter().fold(0, |sum: u64, node| {
            let inner = match node {
                Node::Group(group) => look(group),
                _ => 1,
            };
            let bounds = node.abs_bounding_box();
            sum.rotate_left(3) ^ inner ^ u64::from(bounds.width().to_bits() ^ bounds.x().to_bits())
        })
    }

    let charts = [include_str!("../../input/pages.svg"), include_str!("../../input/times.svg")];
    let mut sum = 0_u64;
    for _ in 0..rounds {
        let mut source = random.pick(&charts).to_string();
        let end = source.rfind("</svg>").expect("it is a picture");
        source.insert_str(end, &format!("<rect id='{}' width='9' height='9'/>", word(random)));
        let tree = Tree::from_str(&source, &Options::default()).expect("it is a picture");
        sum = sum.rotate_left(1) ^ look(tree.root());
    }
    sum
}
