//! Prints the log of a program over simulated memory.

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|word| word.parse().expect("every argument is a number"))
        .collect();
    let &[heap, kind, seed, chunks, heap_base, pages, max_pages] = numbers.as_slice() else {
        panic!("heap, kind, seed, chunks, heap base, pages and most pages are to be given");
    };
    let place = bonsai_differential::Place { heap_base, pages, max_pages };
    print!("{}", bonsai_differential::log(place, heap as u32, kind as u32, seed as u64, chunks));
}

#[cfg(target_arch = "wasm32")]
fn main() {}
