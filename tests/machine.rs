//! The memory of a native program that uses a heap of this crate: alone in its process, because it is
//! used up.

use bonsai_alloc::linear::{LinearMemory, Machine, PAGE};
use bonsai_testkit::MACHINE_PAGES as LIMIT;

#[test]
fn a_native_program_has_as_much_memory_as_wasm32_and_no_more() {
    assert_eq!(Machine.pages(), 0);
    assert_eq!(Machine.grow(usize::MAX), None);
    assert_eq!(Machine.grow(LIMIT + 1), None);
    assert_eq!(Machine.grow(1), Some(0));
    assert_eq!(Machine.grow(LIMIT), None);
    assert_eq!(Machine.grow(LIMIT - 1), Some(1));
    assert_eq!((Machine.pages(), Machine.grow(1)), (LIMIT, None));
    assert_eq!(Machine.take_piece(), None);

    let pages = [0, 1, LIMIT - 1].map(|page| Machine.pointer(page));
    assert_eq!(pages[0].addr() % PAGE, 0);
    for (page, number) in pages.into_iter().zip([0, 1, LIMIT - 1]) {
        assert_eq!(page.addr() - pages[0].addr(), number * PAGE);
        for byte in [0, PAGE - 1] {
            let at = page.wrapping_add(byte);
            // SAFETY: a page that was grown, and that nobody else has.
            let fresh = unsafe { at.read() };
            assert_eq!(fresh, 0);
            // SAFETY: a byte of a page that was grown, and that nobody else has.
            unsafe { at.write(1) };
        }
    }
}
