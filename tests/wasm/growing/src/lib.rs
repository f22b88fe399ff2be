//! Each heap as the global allocator of a module whose memory grows, in browsers: see `tests/`, one module each.
