#![no_main]

use bonsai_testkit::fuzz::Target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| Target::hunt("slab_heap", input));
