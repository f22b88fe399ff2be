//! The handles under random calls with random JavaScript values, right and wrong, beside a list of
//! what must be live.

use bonsai_js::{Buddy, Bump, Slab};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::caller::{Caller, LIVE, n};

struct Random(u32);

impl Random {
    fn below(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % below
    }

    /// Any value at all.
    fn value(&mut self) -> JsValue {
        match self.below(18) {
            14 => NUMBERS[self.below(NUMBERS.len() as u32) as usize].into(),
            15 => JsValue::from_str(&"long ".repeat(20_000)),
            16 => js_sys::Array::of1(&n(16)).into(),
            17 => {
                let throws = js_sys::Function::new_no_args("throw new Error('converted')");
                let object = js_sys::Object::new();
                js_sys::Reflect::set(&object, &"valueOf".into(), &throws).unwrap();
                object.into()
            }
            0 => JsValue::UNDEFINED,
            1 => JsValue::NULL,
            2 => JsValue::from_bool(self.below(2) == 0),
            3 => JsValue::from_str("a string, and not a short one: é"),
            4 => JsValue::from_str(&self.below(1000).to_string()),
            5 => JsValue::from(u64::from(self.below(1000))),
            6 => js_sys::Object::new().into(),
            7 => js_sys::Function::new_no_args("throw new Error('called')").into(),
            8 => js_sys::Symbol::iterator().into(),
            9 => f64::from_bits(u64::from(self.below(u32::MAX)) << 32).into(),
            10 => (-f64::from(self.below(1000))).into(),
            11 => (f64::from(self.below(1000)) + 0.5).into(),
            12 => n(self.below(u32::MAX)),
            _ => n(1 << self.below(32)),
        }
    }

    /// Up to four of them.
    fn values(&mut self) -> Vec<JsValue> {
        (0..self.below(5)).map(|_| self.value()).collect()
    }

    /// A number that makes sense, mostly.
    fn number(&mut self, sensible: u32) -> JsValue {
        if self.below(4) == 0 { self.value() } else { n(sensible) }
    }
}

/// Numbers at the edges of what an argument can be.
const NUMBERS: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    -1.0,
    f64::MIN_POSITIVE,
    4_294_967_295.0,
    4_294_967_296.0,
    9_007_199_254_740_993.0,
    1e300,
    2_147_483_648.0,
    -9_007_199_254_740_993.0,
];

/// Every message says what was wrong, and what to do instead.
#[track_caller]
fn helps(message: &str) {
    assert!(message.len() > 20 && message.contains(';'), "{message:?}");
}

fn run(handle: &Caller, seed: u32) {
    let mut random = Random(seed);
    let mut live: Vec<u32> = Vec::new();
    let mut allocations = 0;
    let mut refusals = 0;
    for _ in 0..2000 {
        match random.below(20) {
            0..=9 => {
                let size = 1 + random.below(90);
                let align = 1 << random.below(5);
                let (size, align) = (random.number(size), random.number(align));
                match handle.call("allocate", &[size, align.clone()]) {
                    Ok(address) => {
                        let address = address.as_f64().unwrap();
                        assert_eq!(address % align.as_f64().unwrap(), 0.0);
                        live.push(address as u32);
                        allocations += 1;
                    }
                    Err(message) => {
                        helps(&message);
                        refusals += 1;
                    }
                }
            }
            10..=16 if !live.is_empty() => {
                let index = random.below(live.len() as u32) as usize;
                handle.deallocate(live.swap_remove(index));
            }
            17..=18 => {
                // An address that is live by chance is the model's to forget.
                let value = random.value();
                let before = handle.blocks();
                match handle.call("deallocate", std::slice::from_ref(&value)) {
                    Ok(_) => {
                        let address = value.as_f64().unwrap() as u32;
                        let index = live.iter().position(|&block| block == address);
                        live.swap_remove(index.expect("only live blocks can be given back"));
                    }
                    Err(message) => {
                        helps(&message);
                        assert_eq!(handle.blocks(), before);
                    }
                }
                // The others take no argument, whatever they are given.
                for method in ["stats", "snapshot"] {
                    handle.call(method, &random.values()).unwrap();
                }
            }
            19 if random.below(10) == 0 => {
                handle.call("reset", &random.values()).unwrap();
                live.clear();
            }
            _ => {}
        }
        let mut shown: Vec<u32> = handle
            .blocks()
            .iter()
            .filter(|block| block.state == LIVE)
            .map(|block| block.address)
            .collect();
        let mut expected = live.clone();
        shown.sort_unstable();
        expected.sort_unstable();
        assert_eq!(shown, expected);
    }
    assert!(allocations > 100 && refusals > 100, "{allocations} {refusals}: nothing was tested");
    freed(handle, &mut random);
}

/// A handle that was freed says so, whatever it is asked.
fn freed(handle: &Caller, random: &mut Random) {
    handle.call("free", &random.values()).unwrap();
    for _ in 0..200 {
        for method in ["allocate", "deallocate", "reset", "stats", "snapshot"] {
            let message = handle.call(method, &random.values()).unwrap_err();
            helps(&message);
            assert!(message.contains("was freed"), "{method}: {message}");
        }
        // As often as one likes.
        handle.call("free", &random.values()).unwrap();
    }
}

#[wasm_bindgen_test]
fn buddy() {
    run(
        &Caller::of(Buddy::new(&n(16_384), &n(16)).unwrap_or_else(|_| panic!("room"))),
        0x1234_5679,
    );
}

#[wasm_bindgen_test]
fn slab() {
    run(&Caller::of(Slab::new(&n(96), &n(50)).unwrap_or_else(|_| panic!("room"))), 0x2345_6781);
}

#[wasm_bindgen_test]
fn bump() {
    run(&Caller::of(Bump::new(&n(16_384)).unwrap_or_else(|_| panic!("room"))), 0x3456_7812);
}

/// Constructors under any values: an object whose blocks tile its region, or an Error.
#[wasm_bindgen_test]
fn constructors() {
    let mut random = Random(0x4567_8123);
    let classes = [
        Caller::of(Buddy::new(&n(16), &n(16)).unwrap_or_else(|_| panic!("room"))),
        Caller::of(Slab::new(&n(16), &n(1)).unwrap_or_else(|_| panic!("room"))),
        Caller::of(Bump::new(&n(16)).unwrap_or_else(|_| panic!("room"))),
    ];
    let (mut made, mut refused) = (0, 0);
    for _ in 0..1000 {
        for class in &classes {
            // Small enough not to use memory up; wrong in every other way.
            let (first, second) = (1 << random.below(14), 1 << random.below(8));
            let arguments = [random.number(first), random.number(second)];
            let large = |value: &JsValue| {
                value.as_f64().is_some_and(|value| (1e6..4_294_967_296.0).contains(&value))
            };
            if arguments.iter().any(large) {
                continue;
            }
            match class.make(&arguments) {
                Ok(handle) => {
                    assert!(handle.stat("regionBytes") > 0);
                    handle.blocks();
                    handle.call("free", &[]).unwrap();
                    made += 1;
                }
                Err(message) => {
                    helps(&message);
                    refused += 1;
                }
            }
        }
    }
    assert!(made > 100 && refused > 100, "{made} {refused}: nothing was tested");
}
