//! The memory that native tests grow: it must notice what they are there to find.

use bonsai_alloc::linear::{Config, LinearMemory, PAGE, Simulation};

#[test]
fn memory_grows_to_its_end_and_no_further() {
    let memory = Simulation::new(Config { pages: 1, max_pages: 4, ..Config::default() });
    assert_eq!(memory.grow(4), None);
    assert_eq!(memory.grow(3), Some(1));
    assert_eq!((memory.pages(), memory.growths(), memory.attempts()), (4, 1, 2));
    assert_eq!(memory.grow(1), None);
    assert_eq!(memory.grow(usize::MAX), None, "a sum that overflows");
    assert!(!memory.foreign(1));
}

#[test]
fn fresh_pages_are_zero_and_the_first_are_not() {
    let memory = Simulation::new(Config { pages: 2, max_pages: 4, ..Config::default() });
    let before = memory.grow(1).unwrap();
    for (page, byte) in [(0, 0xA5), (1, 0xA5), (before, 0)] {
        // SAFETY: a page of the memory, which was filled.
        let bytes = unsafe { std::slice::from_raw_parts(memory.pointer(page), PAGE) };
        assert!(bytes.iter().all(|&found| found == byte), "page {page}");
    }
}

#[test]
fn a_write_to_what_is_somebody_elses_is_noticed() {
    let config = Config { pages: 3, max_pages: 9, first_page: 2, heap_base: Some(2 * PAGE + 100) };
    let write = |memory: &Simulation, at: *mut u8| {
        assert!(memory.foreign_intact());
        // SAFETY: in the memory, which nobody else uses here.
        unsafe { at.write(0) };
        memory.foreign_intact()
    };
    let foreign = |memory: &Simulation| {
        assert!(memory.foreign(2));
        assert_eq!(memory.grow(1), Some(5));
        memory.foreign_before_next(1);
        assert_eq!(memory.grow(1), Some(7));
    };
    for (page, offset, allowed) in [
        (2, 0, false),
        (2, 99, false),
        (2, 100, true),
        (3, 0, false),
        (4, PAGE - 1, false),
        (5, 0, true),
        (6, 0, false),
        (6, PAGE - 1, false),
        (7, 0, true),
    ] {
        let memory = Simulation::new(config);
        foreign(&memory);
        let at = memory.pointer(page).wrapping_add(offset);
        assert_eq!(write(&memory, at), allowed, "page {page}, byte {offset}");
    }
}

#[test]
fn what_may_be_used_below_the_first_growth_ends_with_the_first_pages() {
    let config = Config { pages: 5, max_pages: 9, first_page: 3, heap_base: Some(3 * PAGE + 64) };
    let memory = Simulation::new(config);
    let below = memory.take_piece().unwrap();
    assert_eq!(below.start, memory.pointer(3).addr() + 64);
    assert_eq!(below.end, memory.pointer(5).addr());
    assert_eq!(memory.take_piece(), None, "once");
    assert_eq!(memory.addresses(), memory.pointer(3).addr()..memory.pointer(5).addr());
    let without = Simulation::new(Config { heap_base: None, ..config });
    assert_eq!(without.take_piece(), None);
}

/// Addresses modulo a large power of two are those of a real linear memory.
#[test]
fn addresses_end_as_offsets_do() {
    let memory =
        Simulation::new(Config { pages: 40, max_pages: 50, first_page: 37, heap_base: None });
    for page in [37, 39, 40] {
        assert_eq!(memory.pointer(page).addr() % (1 << 24), page * PAGE % (1 << 24), "page {page}");
    }
}

#[test]
fn growths_are_refused_from_a_point_on_as_often_as_was_asked() {
    let memory = Simulation::new(Config { pages: 1, max_pages: 99, ..Config::default() });
    assert_eq!(memory.grow(1), Some(1));
    memory.refuse(1, 2);
    let answers: Vec<_> = (0..4).map(|_| memory.grow(1)).collect();
    assert_eq!(answers, [Some(2), None, None, Some(3)]);
    memory.refuse(0, usize::MAX);
    assert_eq!(memory.grow(1), None);
    memory.refuse(0, 0);
    assert_eq!(memory.grow(1), Some(4));
}
