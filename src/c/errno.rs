//! C's `errno`, on targets that have one.

/// The numbers of WASI, which Emscripten uses too; elsewhere Linux's.
const WASI: bool = cfg!(any(target_os = "wasi", target_os = "emscripten"));

/// An argument that is not allowed.
pub(super) const EINVAL: i32 = if WASI { 28 } else { 22 };

/// No memory.
pub(super) const ENOMEM: i32 = if WASI { 48 } else { 12 };

/// Returns the address of `errno`, or null where there is none.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "emscripten"))]
fn place() -> *mut i32 {
    unsafe extern "C" {
        #[cfg_attr(target_os = "android", link_name = "__errno")]
        safe fn __errno_location() -> *mut i32;
    }
    __errno_location()
}

/// Without threads wasi-libc's `errno` is an ordinary variable.
#[cfg(all(target_os = "wasi", not(threads)))]
fn place() -> *mut i32 {
    unsafe extern "C" {
        static mut errno: i32;
    }
    &raw mut errno
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "emscripten",
    all(target_os = "wasi", not(threads))
)))]
fn place() -> *mut i32 {
    core::ptr::null_mut()
}

/// Sets `errno`, where there is one.
pub(super) fn set(number: i32) {
    let place = place();
    if !place.is_null() {
        // SAFETY: C's own variable, which is this thread's alone.
        unsafe { place.write(number) }
    }
}

/// Returns `errno`, or 0 where there is none.
pub(super) fn get() -> i32 {
    let place = place();
    if place.is_null() {
        return 0;
    }
    // SAFETY: C's own variable, which is this thread's alone.
    unsafe { place.read() }
}
