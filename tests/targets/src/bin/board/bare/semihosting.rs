//! Calls of the debugger or emulator that the program runs under.

use super::processor::call;

const WRITE0: usize = 0x04;
const GET_CMDLINE: usize = 0x15;
const EXIT_EXTENDED: usize = 0x20;
const APPLICATION_EXIT: usize = 0x20026;

/// Returns the command line.
pub fn command_line(text: &mut [u8; 64]) -> &[u8] {
    let mut block = [text.as_mut_ptr().addr(), text.len()];
    text.as_mut_ptr().expose_provenance();
    // SAFETY: the block says where there is room for the text, and how much.
    unsafe { call(GET_CMDLINE, block.as_mut_ptr().expose_provenance()) };
    text.get(..block[1]).unwrap_or_default()
}

/// Prints a text that ends with 0; nothing if it does not.
pub fn say(text: &'static str) {
    if text.ends_with('\0') {
        // SAFETY: a text that ends with 0.
        unsafe { call(WRITE0, text.as_ptr().expose_provenance()) };
    }
}

/// Ends the emulator with this code.
pub fn exit(code: u32) -> ! {
    let block = [APPLICATION_EXIT, code as usize];
    loop {
        // SAFETY: a block of reason and code.
        unsafe { call(EXIT_EXTENDED, block.as_ptr().expose_provenance()) };
    }
}
