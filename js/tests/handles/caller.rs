//! Calls a handle as JavaScript does, and holds what comes back against what must always hold.

use js_sys::{Array, Function, Reflect, Uint8Array, Uint32Array, WebAssembly::Memory};
use wasm_bindgen::{JsCast as _, JsValue};

/// States in a snapshot.
pub const LIVE: u32 = 0;
pub const FREE: u32 = 1;
pub const LOST: u32 = 2;

/// A number for JavaScript.
pub fn n(number: u32) -> JsValue {
    JsValue::from_f64(f64::from(number))
}

/// The module's memory.
pub fn bytes(address: u32, len: u32) -> Uint8Array {
    let buffer = wasm_bindgen::memory().unchecked_into::<Memory>().buffer();
    Uint8Array::new_with_byte_offset_and_length(&buffer, address, len)
}

/// A block of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub address: u32,
    pub size: u32,
    pub state: u32,
}

/// An object of one of the classes.
pub struct Caller(JsValue);

/// Returns the message of a thrown Error. A trap is none, and fails the test: the module is lost.
fn message(thrown: &JsValue) -> String {
    let error: &js_sys::Error = thrown.dyn_ref().expect("what is thrown is an Error");
    assert_eq!(error.name(), "Error", "{:?}", error.message());
    error.message().into()
}

impl Caller {
    pub fn of(handle: impl Into<JsValue>) -> Self {
        Caller(handle.into())
    }

    fn property(&self, name: &str) -> Function {
        let value = Reflect::get(&self.0, &name.into()).expect("an object");
        value.dyn_into().unwrap_or_else(|_| panic!("{name} is no function"))
    }

    /// The name of the class.
    pub fn name(&self) -> String {
        self.property("constructor").name().into()
    }

    /// `new Class(...arguments)`, or the message of what it throws.
    pub fn make(&self, arguments: &[JsValue]) -> Result<Caller, String> {
        let arguments: Array = arguments.iter().collect();
        Reflect::construct(&self.property("constructor"), &arguments)
            .map(Caller)
            .map_err(|thrown| message(&thrown))
    }

    /// `handle.method(...arguments)`, or the message of what it throws.
    pub fn call(&self, method: &str, arguments: &[JsValue]) -> Result<JsValue, String> {
        let arguments: Array = arguments.iter().collect();
        self.property(method).apply(&self.0, &arguments).map_err(|thrown| message(&thrown))
    }

    #[track_caller]
    pub fn allocate(&self, size: u32, align: u32) -> u32 {
        let address = self.call("allocate", &[n(size), n(align)]).unwrap().as_f64().unwrap() as u32;
        assert_eq!(address % align, 0);
        address
    }

    #[track_caller]
    pub fn deallocate(&self, address: u32) {
        self.call("deallocate", &[n(address)]).unwrap();
    }

    pub fn stat(&self, name: &str) -> u32 {
        let stats = self.call("stats", &[]).unwrap();
        Reflect::get(&stats, &name.into()).unwrap().as_f64().unwrap() as u32
    }

    pub fn snapshot(&self) -> Uint32Array {
        self.call("snapshot", &[]).unwrap().unchecked_into()
    }

    /// The blocks of a snapshot. They tile the region, and add up to what `stats` says.
    pub fn blocks(&self) -> Vec<Block> {
        let view = self.snapshot();
        // A copy outside of linear memory first: allocating one within may grow memory.
        let words = view.slice(0, view.length()).to_vec();
        let count = words[0] as usize;
        let blocks: Vec<Block> = words[1..1 + 3 * count]
            .chunks_exact(3)
            .map(|word| Block { address: word[0], size: word[1], state: word[2] })
            .collect();
        for pair in blocks.windows(2) {
            assert_eq!(pair[0].address + pair[0].size, pair[1].address, "{pair:?}");
        }
        let sum = |states: &[u32]| {
            let of_state = blocks.iter().filter(|block| states.contains(&block.state));
            of_state.map(|block| block.size).sum::<u32>()
        };
        assert_eq!(sum(&[LIVE]), self.stat("liveBytes"));
        assert_eq!(sum(&[FREE]), self.stat("freeBytes"));
        assert_eq!(sum(&[LOST]), self.stat("metaBytes"));
        assert_eq!(sum(&[LIVE, FREE, LOST]), self.stat("regionBytes"));
        blocks
    }
}
