//! The hook that is told of every report.

use core::fmt::{self, Write};

use super::report::Report;
use crate::lock::Lock;

/// A function that is called with the report of a misuse. See [`set_hook`].
pub type Hook = fn(&Report);

// SAFETY: the closures read and write the value; the hook runs without the lock.
static HOOK: Lock<Option<Hook>> = unsafe { Lock::new(None) };

/// Calls `hook` for every report from now on, instead of stopping the program; `None` is the
/// default again. Returns the hook before.
///
/// The hook runs in the thread of the call that was wrong, with no lock held: it may allocate. If
/// it returns, the operation is refused: a block that was to be freed stays as it is, a resize or
/// an allocation is answered by null or `Err`. [`Operation::Reuse`](super::Operation::Reuse) and
/// `Check` go on after it.
///
/// By default a program stops, as [`stop`] does it.
pub fn set_hook(hook: Option<Hook>) -> Option<Hook> {
    HOOK.with(|current| core::mem::replace(current, hook))
}

/// Stops the program as if there were no hook: natively with the report on standard error and an
/// abort; on wasm with the report in [`BONSAI_REPORT`](super::Message) and a trap, `unreachable`.
///
/// For hooks that tell somebody else first. The handles for JavaScript, built with their feature
/// `checked`, write the report to `console.error` and end with this.
///
/// # Panics
/// On targets that are neither wasm32 nor have an operating system, with the report as the message.
///
/// # Example
/// ```
/// use bonsai_alloc::checked;
///
/// checked::set_hook(Some(|report| {
///     println!("send help: {report}");
///     checked::stop(report);
/// }));
/// # checked::set_hook(None);
/// ```
#[cold]
pub fn stop(report: &Report) -> ! {
    place::stop(report)
}

/// Tells the hook.
#[cold]
pub(super) fn deliver(report: &Report) {
    match HOOK.with(|hook| *hook) {
        Some(hook) => hook(report),
        None => stop(report),
    }
}

/// The text of the report that stopped a wasm module, where its host can read it.
///
/// With the feature `checked` a module exports a global `BONSAI_REPORT`, whose value is the
/// address of one: first the length of the text in bytes, a 32-bit number that is 0 as long as
/// nothing happened; then the text, in UTF-8.
///
/// ```js
/// const report = ({ memory, BONSAI_REPORT }) => {
///   const at = BONSAI_REPORT.value;
///   const length = new DataView(memory.buffer).getUint32(at, true);
///   return new TextDecoder().decode(new Uint8Array(memory.buffer, at + 4, length));
/// };
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct Message {
    len: u32,
    text: [u8; Message::MOST],
}

impl Message {
    const MOST: usize = 508;
    /// No text.
    pub const EMPTY: Message = Message { len: 0, text: [0; Message::MOST] };

    /// The text.
    pub fn text(&self) -> &str {
        let bytes = self.text.get(..self.len as usize).unwrap_or(&[]);
        // What does not fit is left out by whole characters.
        core::str::from_utf8(bytes).unwrap_or("")
    }
}

impl Write for Message {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let start = self.len as usize;
        let room = self.text.get_mut(start..).unwrap_or(&mut []);
        let Some(to) = room.get_mut(..part.len()) else {
            return Err(fmt::Error);
        };
        to.copy_from_slice(part.as_bytes());
        self.len += part.len() as u32;
        Ok(())
    }
}

#[cfg(all(target_family = "wasm", not(target_os = "emscripten")))]
mod place {
    #[cfg(target_arch = "wasm32")]
    use core::arch::wasm32 as instruction;
    #[cfg(target_arch = "wasm64")]
    use core::arch::wasm64 as instruction;
    use core::fmt::Write;

    use super::Message;
    use crate::{checked::report::Report, lock::Lock};

    /// The first word of what the exported global leads to is the length.
    #[unsafe(no_mangle)]
    // SAFETY: the closure writes a text, which uses no lock.
    static BONSAI_REPORT: Lock<Message> = unsafe { Lock::new(Message::EMPTY) };

    pub(super) fn stop(report: &Report) -> ! {
        BONSAI_REPORT.with(|message| {
            *message = Message::EMPTY;
            // A text that is too long is cut.
            let _ = write!(message, "bonsai_alloc: {report}");
        });
        instruction::unreachable()
    }
}

#[cfg(any(unix, windows))]
mod place {
    use crate::checked::report::Report;

    pub(super) fn stop(report: &Report) -> ! {
        std::eprintln!("bonsai_alloc: {report}");
        std::process::abort()
    }
}

#[cfg(not(any(target_family = "wasm", unix, windows)))]
mod place {
    use crate::checked::report::Report;

    /// A panic does not leave an `extern "C"` function, so nothing unwinds through an allocator.
    pub(super) extern "C" fn stop(report: &Report) -> ! {
        panic!("bonsai_alloc: {report}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_what_fits() {
        let mut message = Message::EMPTY;
        write!(message, "{} bytes", 12).unwrap();
        assert_eq!(message.text(), "12 bytes");
        assert!(message.write_str(&"é".repeat(254)).is_err());
        message.write_str(&"é".repeat(250)).unwrap();
        assert_eq!(message.text().len(), 508);
    }
}
