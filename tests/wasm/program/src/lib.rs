//! The demo program in browsers: see `tests/`.
