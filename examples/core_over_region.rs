//! A buddy allocator over a region of one's own, as a kernel or a device has one. No global
//! allocator takes part.
//!
//! `cargo run --example core_over_region`

use core::{alloc::Layout, ptr::NonNull};

use bonsai_alloc::{Buddy, Raw, inspect::Inspect};

/// Blocks of 64 KiB, halved four times: the smallest has 4 KiB.
type Frames = Buddy<65536, 5, Raw>;

/// The memory that frames come from. A kernel takes it from its linker script.
#[repr(align(65536))]
struct Region([u8; 65536]);

fn main() {
    let mut region = Region([0; 65536]);
    let mut metadata = [0_u8; 16]; // one byte for each block of the smallest size

    let region = NonNull::from(&mut region.0).cast();
    let metadata = NonNull::from(&mut metadata).cast();
    // SAFETY: region and metadata are as large and as aligned as `region_layout(1)` and
    // `metadata_layout(1)` say, and nothing else uses them until the end of `main`.
    let mut frames = unsafe { Frames::new_raw(metadata, region, 1) }.expect("a valid region");

    let frame = frames.allocate(Layout::new::<[u8; 4096]>()).expect("an empty region has room");
    assert_eq!(frames.stats().live_blocks, 1);
    frames.walk(&mut |block| println!("{:6} bytes {:?}", block.size, block.state));

    // SAFETY: `frame` was allocated above and is freed once.
    unsafe { frames.deallocate(frame.cast()) };
    assert_eq!(frames.stats().live_blocks, 0);
}

#[test]
fn runs() {
    main();
}
