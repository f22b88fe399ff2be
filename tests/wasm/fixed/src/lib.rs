//! Each heap as the global allocator of a module whose memory cannot grow, in browsers: see `tests/`, one module each.
