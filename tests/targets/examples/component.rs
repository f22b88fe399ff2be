//! A component with a string and a list from the host. Each function returns what it got, or traps if the host's
//! block is not the heap's.

#[cfg(target_env = "p2")]
mod world {
    use bonsai_alloc::{Heap, inspect::Inspect};
    use bonsai_targets::lives;

    #[global_allocator]
    static HEAP: Heap = Heap::new();

    bonsai_alloc::component_realloc!(HEAP);

    wit_bindgen::generate!({
        inline: "
            package bonsai:targets;
            world greeter {
                export greet: func(name: string) -> string;
                export sum: func(numbers: list<u64>) -> u64;
            }
        ",
    });

    struct Component;

    /// Uses a block of the host's, frees it, and looks for it in the heap before and after.
    fn spend<T, R>(block: Vec<T>, f: impl FnOnce(&[T]) -> R) -> R {
        let at = block.as_ptr().addr();
        assert!(lives(&HEAP, at), "{at:#x} is no block of the heap");
        let result = f(&block);
        drop(block);
        assert!(!lives(&HEAP, at), "the block at {at:#x} was not freed");
        HEAP.check().unwrap();
        result
    }

    impl Guest for Component {
        fn greet(name: String) -> String {
            spend(name.into_bytes(), |name| format!("hello, {}", String::from_utf8_lossy(name)))
        }

        fn sum(numbers: Vec<u64>) -> u64 {
            spend(numbers, |numbers| numbers.iter().sum())
        }
    }

    export!(Component);
}
