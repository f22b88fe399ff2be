//! Programs that read languages.

use std::fmt::Write as _;

use super::text::{Random, checksum, word};

/// wat: a module of many functions is parsed, resolved and encoded.
#[cfg(feature = "wat")]
pub fn wat(functions: usize, random: &mut Random) -> u64 {
    let mut source = String::from("(module\n  (memory (export \"memory\") 1)\n");
    for at in 0..functions {
        let _ = writeln!(
            source,
            "  (func $f{at} (export \"{}{at}\") (param $x i32) (result i32)",
            word(random)
        );
        let _ = writeln!(
            source,
            "    (local $y i32)\n    (local.set $y (i32.const {}))",
            random.below(1 << 20)
        );
        for _ in 0..random.below(20) {
            let operation = random.pick(&["add", "sub", "mul", "and", "xor"]);
            let offset = 4 * random.below(1000);
            let _ = writeln!(
                source,
                "    (local.set $y (i32.{operation} (local.get $y) (i32.load offset={offset} (local.get $x))))"
            );
        }
        if at > 0 && random.below(2) == 0 {
            let _ =
                writeln!(source, "    (local.set $y (call $f{} (local.get $y)))", random.below(at));
        }
        let _ = writeln!(source, "    (if (result i32) (local.get $y)");
        let _ = writeln!(source, "      (then (local.get $x)) (else (local.get $y))))");
    }
    source.push(')');
    checksum(&wat::parse_str(&source).expect("it is a module"))
}

/// rhai: a script with strings, arrays, maps and closures is compiled and run.
#[cfg(feature = "rhai")]
pub fn rhai(rounds: usize, random: &mut Random) -> u64 {
    const SCRIPT: &str = r#"
        fn primes(limit) {
            let sieve = [];
            sieve.pad(limit + 1, true);
            let found = [];
            for n in 2..=limit {
                if sieve[n] {
                    found.push(n);
                    let multiple = n * n;
                    while multiple <= limit {
                        sieve[multiple] = false;
                        multiple += n;
                    }
                }
            }
            found
        }

        fn describe(person) {
            person.name + " (" + person.age + "): " + person.words.reduce(|all, word| all + word + ",", "")
        }

        let people = [];
        for round in 0..ROUNDS {
            let person = #{ name: NAME + round, age: (SEED + round * 7) % 90, words: [] };
            for word in 0..10 {
                person.words.push(`w${word * round}`);
            }
            people.push(person);
        }
        people.sort(|a, b| if a.age != b.age { a.age - b.age } else if a.name < b.name { -1 } else { 1 });
        let text = "";
        for person in people.filter(|person| person.age > 20) {
            text += describe(person);
        }
        for prime in primes(ROUNDS * 4) {
            text += prime.to_string();
        }
        text
    "#;
    let engine = rhai::Engine::new();
    let mut scope = rhai::Scope::new();
    scope.push("ROUNDS", rounds as i64);
    scope.push("NAME", word(random));
    scope.push("SEED", random.below(90) as i64);
    let text = engine.eval_with_scope::<String>(&mut scope, SCRIPT);
    checksum(text.expect("it is a script").as_bytes())
}
