//! The figures of a run: a table to read, JSON to keep.

use std::{
    fmt::Write,
    time::{SystemTime, UNIX_EPOCH},
};

/// The times of one workload.
#[derive(Clone, Debug)]
pub struct Measured {
    pub workload: &'static str,
    pub names: Vec<&'static str>,
    /// Nanoseconds an operation: by contestant, then by round.
    pub times: Vec<Vec<f64>>,
}

/// The value in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

impl Measured {
    /// A contestant's median time.
    fn time(&self, contestant: usize) -> f64 {
        median(&self.times[contestant])
    }

    /// The median over the rounds of a contestant's time by the first contestant's.
    fn ratio(&self, contestant: usize) -> f64 {
        let own = &self.times[0];
        let ratios: Vec<f64> =
            self.times[contestant].iter().zip(own).map(|(time, own)| time / own).collect();
        median(&ratios)
    }
}

/// All that a run measured.
#[derive(Clone, Debug)]
pub struct Record {
    rounds: usize,
    operations: usize,
    measured: Vec<Measured>,
}

impl Record {
    pub fn new(rounds: usize, operations: usize) -> Record {
        Record { rounds, operations, measured: Vec::new() }
    }

    pub fn add(&mut self, measured: Measured) {
        self.measured.push(measured);
    }

    /// The workload added last, as a part of the table.
    pub fn print_last(&self) {
        let Some(measured) = self.measured.last() else { return };
        println!("\n{}", measured.workload);
        println!("  {:<30} {:>8} {:>8}", "", "ns/op", "ratio");
        for (at, name) in measured.names.iter().enumerate() {
            println!("  {name:<30} {:>8.2} {:>8.2}", measured.time(at), measured.ratio(at));
        }
    }

    /// The same and more, for machines. No name has a character that JSON would want escaped.
    pub fn to_json(&self) -> String {
        let seconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut json = String::new();
        let mut line = |text: std::fmt::Arguments<'_>| {
            writeln!(json, "{text}").expect("a String takes everything");
        };
        line(format_args!("{{"));
        line(format_args!("  \"unix_time\": {seconds},"));
        line(format_args!(
            "  \"target\": \"{}-{}\",",
            std::env::consts::ARCH,
            std::env::consts::OS
        ));
        line(format_args!("  \"processor\": \"{}\",", processor()));
        line(format_args!("  \"rustc\": \"{}\",", env!("BENCH_RUSTC")));
        line(format_args!("  \"rounds\": {},", self.rounds));
        line(format_args!("  \"operations\": {},", self.operations));
        line(format_args!("  \"workloads\": ["));
        for (at, measured) in self.measured.iter().enumerate() {
            let comma = if at + 1 < self.measured.len() { "," } else { "" };
            line(format_args!("    {{ \"name\": \"{}\", \"contestants\": [", measured.workload));
            for (at, name) in measured.names.iter().enumerate() {
                let comma = if at + 1 < measured.names.len() { "," } else { "" };
                line(format_args!(
                    "      {{ \"name\": \"{name}\", \"ns\": {:.3}, \"ratio\": {:.3} }}{comma}",
                    measured.time(at),
                    measured.ratio(at)
                ));
            }
            line(format_args!("    ] }}{comma}"));
        }
        line(format_args!("  ]"));
        line(format_args!("}}"));
        json
    }
}

/// The processor's name where the system tells it.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.map(|line| line.trim_start_matches([' ', '\t', ':'])).unwrap_or("unknown");
    name.replace(['"', '\\'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_ratio_compares_within_a_round() {
        // The machine was four times as slow in the second round.
        let times = vec![vec![1.0, 4.0, 1.0], vec![2.0, 8.0, 2.0]];
        let measured = Measured { workload: "w", names: vec!["a", "b"], times };
        assert_eq!(measured.ratio(0), 1.0);
        assert_eq!(measured.ratio(1), 2.0);
        assert_eq!(measured.time(1), 2.0);
    }
}
