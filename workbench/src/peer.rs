//! The allocator of another crate as the module's global one.

#[cfg(not(feature = "wasmalloc"))]
#[global_allocator]
static HEAP: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(feature = "wasmalloc")]
#[global_allocator]
static HEAP: wasmalloc::WasmAlloc = wasmalloc::WasmAlloc::new();
