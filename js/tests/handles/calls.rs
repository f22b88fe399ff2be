//! The answers and the refusals of each call.

use bonsai_js::{Buddy, Bump, Slab};
use js_sys::Uint32Array;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::caller::{Block, Caller, FREE, LIVE, LOST, bytes, n};

const SIZE: u32 = 65_536;

fn buddy() -> Caller {
    Caller::of(Buddy::new(&n(SIZE), &n(16)).unwrap_or_else(|_| panic!("there is room")))
}

fn slab() -> Caller {
    Caller::of(Slab::new(&n(96), &n(100)).unwrap_or_else(|_| panic!("there is room")))
}

fn bump() -> Caller {
    Caller::of(Bump::new(&n(SIZE)).unwrap_or_else(|_| panic!("there is room")))
}

fn sizes(blocks: &[Block], state: u32) -> Vec<u32> {
    blocks.iter().filter(|block| block.state == state).map(|block| block.size).collect()
}

#[wasm_bindgen_test]
fn a_buddy_splits_and_merges() {
    let buddy = buddy();
    assert_eq!(sizes(&buddy.blocks(), FREE), [SIZE]);
    let address = buddy.allocate(100, 8);
    assert_eq!(address % 128, 0);
    assert_eq!(sizes(&buddy.blocks(), LIVE), [128]);
    assert_eq!(
        sizes(&buddy.blocks(), FREE),
        [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768]
    );
    assert_eq!(buddy.stat("liveBytes"), 128);
    assert_eq!(buddy.stat("freeBytes"), SIZE - 128);
    assert_eq!(buddy.stat("largestFree"), SIZE / 2);
    assert_eq!(buddy.stat("liveBlocks"), 1);
    buddy.deallocate(address);
    assert_eq!(sizes(&buddy.blocks(), FREE), [SIZE]);
}

#[wasm_bindgen_test]
fn a_region_need_not_be_a_power_of_two() {
    let make = buddy();
    let odd = make.make(&[n(96 << 10), n(16)]).unwrap();
    assert_eq!(sizes(&odd.blocks(), FREE), [64 << 10, 32 << 10]);
    odd.allocate(64 << 10, 1);
    odd.allocate(32 << 10, 1);
    assert_eq!(odd.stat("freeBytes"), 0);
}

#[wasm_bindgen_test]
fn a_slab_has_blocks_of_one_size() {
    let slab = slab();
    let (a, b) = (slab.allocate(96, 32), slab.allocate(1, 1));
    assert_eq!(a.abs_diff(b), 96);
    assert_eq!((slab.stat("liveBlocks"), slab.stat("freeBlocks")), (2, 98));
    slab.deallocate(a);
    assert_eq!(slab.allocate(50, 2), a, "the block given back last comes first");
}

#[wasm_bindgen_test]
fn a_bump_gives_memory_back_with_the_last_block() {
    let bump = bump();
    let first = bump.allocate(10, 1);
    let second = bump.allocate(20, 64);
    assert_eq!(second % 64, 0);
    bump.deallocate(first);
    let blocks = bump.blocks();
    assert_eq!(sizes(&blocks, LIVE), [20]);
    let end = first + 10;
    assert_eq!(
        sizes(&blocks, LOST).iter().sum::<u32>(),
        end - second - 20,
        "padding and the first"
    );
    bump.deallocate(second);
    assert_eq!(sizes(&bump.blocks(), FREE), [SIZE]);
    assert_eq!(bump.allocate(SIZE, 1) + SIZE, end);
}

#[wasm_bindgen_test]
fn what_is_written_stays() {
    for handle in [buddy(), slab(), bump()] {
        let blocks: Vec<u32> = (0..20).map(|_| handle.allocate(64, 8)).collect();
        for (i, &address) in blocks.iter().enumerate() {
            bytes(address, 64).fill(i as u8 + 1, 0, 64);
        }
        for (i, &address) in blocks.iter().enumerate() {
            let bytes = bytes(address, 64).to_vec();
            assert!(bytes.iter().all(|&byte| byte == i as u8 + 1), "{} {i}", handle.name());
        }
    }
}

#[wasm_bindgen_test]
fn reset_frees_all() {
    for handle in [buddy(), slab(), bump()] {
        let before = handle.blocks();
        let first = handle.allocate(50, 1);
        handle.allocate(50, 1);
        handle.call("reset", &[]).unwrap();
        assert_eq!(handle.blocks(), before, "{}", handle.name());
        assert_refused(&handle, "deallocate", &[n(first)], "no live block begins at");
        assert_eq!(handle.allocate(50, 1), first);
    }
}

/// The call throws an Error that says `what`, and nothing changes.
#[track_caller]
fn assert_refused(handle: &Caller, method: &str, arguments: &[JsValue], what: &str) {
    let before = handle.blocks();
    let message = match handle.call(method, arguments) {
        Ok(value) => panic!("{}.{method} returned {value:?}", handle.name()),
        Err(message) => message,
    };
    assert!(message.contains(what), "{}.{method}: {message}", handle.name());
    assert!(message.contains(';'), "{}.{method} does not say what to do: {message}", handle.name());
    assert_eq!(handle.blocks(), before, "{}.{method} changed something", handle.name());
}

/// Values that are no number of bytes, each with the text of its refusal.
fn no_number() -> Vec<(JsValue, &'static str)> {
    vec![
        (JsValue::UNDEFINED, "is undefined and not a number; is an argument missing?"),
        (JsValue::NULL, "is null and not a number; pass a number such as"),
        (
            JsValue::from_str("16"),
            "is the string \"16\" and not a number; convert it with Number()",
        ),
        (JsValue::from(16_u64), "is a BigInt and not a number; convert it with Number()"),
        (JsValue::TRUE, "is of type boolean"),
        (js_sys::Object::new().into(), "is of type object"),
        (js_sys::Array::new().into(), "is of type object"),
        (js_sys::Symbol::iterator().into(), "is of type symbol"),
        (f64::NAN.into(), "is not a number (NaN)"),
        ((-16).into(), "is negative"),
        (f64::NEG_INFINITY.into(), "is negative"),
        (f64::INFINITY.into(), "more than linear memory can have"),
        (4_294_967_297_f64.into(), "more than linear memory can have"),
        (4_294_967_296_f64.into(), "more than linear memory can give"),
        (16.5.into(), "is not a whole number"),
    ]
}

#[wasm_bindgen_test]
fn wrong_arguments_are_refused() {
    for handle in [buddy(), slab(), bump()] {
        for (value, what) in no_number() {
            assert_refused(&handle, "allocate", &[value.clone(), n(8)], what);
            assert_refused(&handle, "allocate", &[n(8), value.clone()], what);
            assert_refused(&handle, "deallocate", &[value], what);
        }
        assert_refused(
            &handle,
            "allocate",
            &[n(8)],
            "is undefined and not a number; is an argument missing?",
        );
        assert_refused(&handle, "allocate", &[n(0), n(8)], "size is too small");
        assert_refused(&handle, "allocate", &[n(8), n(0)], "align is too small");
        assert_refused(&handle, "allocate", &[n(8), n(24)], "the nearest are 16 and 32");
    }
}

#[wasm_bindgen_test]
fn what_does_not_fit_is_refused() {
    let (buddy, slab, bump) = (buddy(), slab(), bump());
    assert_refused(&buddy, "allocate", &[n(SIZE + 1), n(1)], "the largest block of this Buddy");
    assert_refused(&buddy, "allocate", &[n(1), n(2 * SIZE)], "the largest block of this Buddy");
    assert_refused(&slab, "allocate", &[n(97), n(1)], "have 96 bytes, and 97 are too many");
    assert_refused(&slab, "allocate", &[n(1), n(64)], "aligned to 32, and not to 64");
    assert_refused(&bump, "allocate", &[n(SIZE + 1), n(1)], "no room for 65537 bytes");
    buddy.allocate(100, 1);
    assert_refused(
        &buddy,
        "allocate",
        &[n(SIZE), n(1)],
        "no room for 65536 bytes aligned to 1: 65408 bytes are free, the largest free block has 32768",
    );
    for _ in 0..100 {
        slab.allocate(1, 1);
    }
    assert_refused(&slab, "allocate", &[n(1), n(1)], "0 bytes are free");
}

#[wasm_bindgen_test]
fn addresses_that_are_no_live_block_are_refused() {
    for handle in [buddy(), slab(), bump()] {
        let block = handle.allocate(64, 8);
        let other = handle.allocate(64, 8);
        for address in [0, 1, block + 1, block + 8, block - 1, other + 96 * 200, u32::MAX] {
            assert_refused(&handle, "deallocate", &[n(address)], "no live block begins at");
        }
        handle.deallocate(block);
        assert_refused(&handle, "deallocate", &[n(block)], "no live block begins at");
        handle.deallocate(other);
        assert_refused(&handle, "deallocate", &[n(other)], "no live block begins at");
    }
}

#[wasm_bindgen_test]
fn blocks_of_another_handle_are_refused() {
    for (one, other) in [(buddy(), buddy()), (slab(), slab()), (bump(), bump())] {
        let block = other.allocate(64, 8);
        assert_refused(&one, "deallocate", &[n(block)], "no live block begins at");
        other.deallocate(block);
    }
}

#[wasm_bindgen_test]
fn freed_handles_say_so() {
    for handle in [buddy(), slab(), bump()] {
        let block = handle.allocate(64, 8);
        handle.call("free", &[]).unwrap();
        handle.call("free", &[]).unwrap();
        let name = handle.name();
        for (method, arguments) in [
            ("allocate", vec![n(64), n(8)]),
            ("allocate", vec![JsValue::NULL, n(8)]),
            ("deallocate", vec![n(block)]),
            ("reset", vec![]),
            ("stats", vec![]),
            ("snapshot", vec![]),
        ] {
            let message = handle.call(method, &arguments).unwrap_err();
            let expected =
                format!("this {name} was freed; it cannot be used any more, make a new {name}");
            assert_eq!(message, expected, "{method}");
        }
    }
}

#[wasm_bindgen_test]
fn constructors_refuse_what_cannot_be() {
    let refused = |made: Result<Caller, String>, what: &str| {
        let message = made.err().unwrap_or_else(|| panic!("made, in spite of: {what}"));
        assert!(message.contains(what), "{message}");
    };
    let (buddy, slab, bump) = (buddy(), slab(), bump());
    for (value, what) in no_number() {
        refused(buddy.make(&[value.clone(), n(16)]), what);
        refused(buddy.make(&[n(SIZE), value.clone()]), what);
        refused(slab.make(&[value.clone(), n(16)]), what);
        refused(slab.make(&[n(16), value.clone()]), what);
        refused(bump.make(&[value]), what);
    }
    refused(buddy.make(&[n(SIZE), n(24)]), "minBlock must be a power of two");
    refused(buddy.make(&[n(SIZE), n(4)]), "minBlock is too small");
    refused(buddy.make(&[n(100), n(16)]), "the nearest are 96 and 112");
    refused(buddy.make(&[n(8), n(16)]), "the nearest are 0 and 16");
    refused(slab.make(&[n(3), n(10)]), "blockSize is too small");
    refused(slab.make(&[n(16), n(0)]), "numBlocks is too small");
    refused(slab.make(&[n(1 << 20), n(1 << 20)]), "more than linear memory can have");
    refused(bump.make(&[n(0)]), "regionBytes is too small");
    refused(bump.make(&[n(u32::MAX)]), "no room for a region of 4294967295 bytes");
}

#[wasm_bindgen_test]
fn regions_are_used_again() {
    let make = [buddy(), slab(), bump()];
    let round = || {
        for (class, arguments) in
            make.iter().zip([vec![n(1 << 20), n(64)], vec![n(100), n(10_000)], vec![n(1 << 20)]])
        {
            let handle = class.make(&arguments).unwrap();
            handle.allocate(64, 4);
            handle.call("free", &[]).unwrap();
        }
    };
    round();
    let before = core::arch::wasm32::memory_size(0);
    for _ in 0..50 {
        round();
    }
    assert_eq!(core::arch::wasm32::memory_size(0), before);
}

#[wasm_bindgen_test]
fn a_snapshot_costs_no_object_and_survives_growth() {
    for handle in [buddy(), slab(), bump()] {
        let view = handle.snapshot();
        handle.allocate(64, 8);
        assert!(
            js_sys::Object::is(&view, &handle.snapshot()),
            "{}: not the same object",
            handle.name()
        );
        let blocks = handle.blocks();

        assert_ne!(core::arch::wasm32::memory_grow(0, 1), usize::MAX);
        assert_eq!(view.length(), 0, "growing memory detaches views of it");
        assert_eq!(handle.blocks(), blocks, "{}", handle.name());
    }
}

#[wasm_bindgen_test]
fn many_blocks_make_the_buffer_larger() {
    let bump = bump();
    let before: Uint32Array = bump.snapshot();
    for _ in 0..5000 {
        bump.allocate(8, 8);
    }
    assert_eq!(sizes(&bump.blocks(), LIVE), [8; 5000]);
    assert!(bump.snapshot().length() > before.length());
}

#[wasm_bindgen_test]
fn stats_is_a_plain_object_of_numbers() {
    let stats = buddy().call("stats", &[]).unwrap();
    let names: Vec<_> = js_sys::Object::keys(stats.unchecked_ref::<js_sys::Object>())
        .iter()
        .filter_map(|name| name.as_string())
        .collect();
    assert_eq!(
        names,
        [
            "liveBytes",
            "liveBlocks",
            "freeBytes",
            "freeBlocks",
            "largestFree",
            "metaBytes",
            "regionBytes"
        ]
    );
}
