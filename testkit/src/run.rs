//! Applies operations to a subject and holds every answer against the model.

use std::{
    alloc::Layout,
    cell::Cell,
    fmt,
    panic::{self, AssertUnwindSafe},
    ptr::NonNull,
    sync::Once,
};

use crate::{Legality, Model, Operation, Profile, Subject, Trace, shrink};

/// The intervals at which a run looks beyond the answer to each operation. Each is a number of
/// operations; 0 is never.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The allocator's own check of its bookkeeping.
    pub check: usize,
    /// The allocator's view of itself against the model.
    pub walk: usize,
    /// The paint of every live block; that of a block which is freed or resized is verified anyhow.
    pub paint: usize,
    /// A request for the largest free block that the allocator reports, while memory cannot grow. It
    /// merges what waits, so the others are to be seen without it most of the time.
    pub largest: usize,
}

impl Options {
    /// No look at all.
    pub const NEVER: Options = Options { check: 0, walk: 0, paint: 0, largest: 0 };
    /// Everything after each operation, but for the largest request.
    pub const EACH: Options = Options { check: 1, walk: 1, paint: 1, largest: 13 };
    /// For long runs.
    pub const SELDOM: Options = Options { check: 256, walk: 256, paint: 1024, largest: 509 };
}

/// The figures of a run that found nothing wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Operations that did something.
    pub done: usize,
    /// Requests that got a block.
    pub granted: usize,
    /// Requests that failed, as they may.
    pub refused: usize,
    /// Blocks that were resized where they were.
    pub resized: usize,
    /// The most bytes that were asked for and live at once.
    pub peak: usize,
}

/// A rule that did not hold, and the operation after which it was found.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its index; the length of the sequence for what was found at the end.
    pub at: usize,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {}: {}", self.at, self.what)
    }
}

/// Applies `operations` to `subject`, then frees what is left. A panic of the subject is a failure.
///
/// # Errors
/// The first thing that was found wrong.
pub fn run(
    subject: &mut dyn Subject,
    operations: &[Operation],
    options: Options,
) -> Result<Report, Failure> {
    let mut runner =
        Runner { subject, model: Model::default(), report: Report::default(), refusing: false };
    for (at, &operation) in operations.iter().enumerate() {
        runner.guarded(at, operation, options)?;
    }
    let frees: Vec<_> =
        runner.model.slots().into_iter().map(|slot| Operation::Free { slot }).collect();
    let end = operations.len();
    for (at, free) in frees.into_iter().enumerate() {
        runner.guarded(end + at, free, Options::NEVER)?;
    }
    runner.look().map_err(|what| Failure { at: end, what: format!("after all: {what}") })?;
    Ok(runner.report)
}

struct Runner<'a> {
    subject: &'a mut dyn Subject,
    model: Model,
    report: Report,
    /// Linear memory refuses to grow.
    refusing: bool,
}

impl Runner<'_> {
    /// One operation and the looks that are due after it.
    fn guarded(
        &mut self,
        at: usize,
        operation: Operation,
        options: Options,
    ) -> Result<(), Failure> {
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            let due = |every: usize| every != 0 && (at + 1) % every == 0;
            self.apply(operation, due(options.walk))?;
            if due(options.check) {
                self.check()?;
            }
            if due(options.walk) {
                self.walk()?;
            }
            if due(options.paint) {
                self.model.verify_all()?;
            }
            if due(options.largest) {
                self.take_largest()?;
            }
            Ok(())
        }));
        let what = match result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(what)) => what,
            Err(payload) => {
                let text = payload.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
                format!("panicked: {}", text.unwrap_or("?"))
            }
        };
        Err(Failure { at, what: format!("{operation}: {what}") })
    }

    fn check(&self) -> Result<(), String> {
        self.subject.surroundings()?;
        match self.subject.inspect() {
            Some(view) => view.check().map_err(|damage| damage.to_string()),
            None => Ok(()),
        }
    }

    fn walk(&self) -> Result<(), String> {
        match self.subject.inspect() {
            Some(view) => self.model.compare(view, self.subject.closeness()),
            None => Ok(()),
        }
    }

    fn look(&mut self) -> Result<(), String> {
        self.check()?;
        self.walk()?;
        self.model.verify_all()?;
        self.take_largest()
    }

    /// Allocates the largest block that the allocator reports as free, while memory cannot grow, and
    /// frees it.
    fn take_largest(&mut self) -> Result<(), String> {
        let Some(size) = self.subject.largest().filter(|&size| size > 0) else { return Ok(()) };
        let layout = Layout::from_size_align(size, 1)
            .map_err(|_| format!("the largest free block, of {size} bytes, is no layout"))?;
        self.subject.refuse(true);
        let answer = self.subject.allocate(layout);
        self.subject.refuse(self.refusing);
        let Some(block) = answer else {
            return Err(format!("the largest free block, of {size} bytes, cannot be had"));
        };
        self.within(block)?;
        self.model.apart(block)?;
        // SAFETY: allocated just now with this layout.
        unsafe { self.subject.deallocate(block.cast(), layout) };
        Ok(())
    }

    /// `closely`: what it cost is looked at too, which takes two walks.
    fn apply(&mut self, operation: Operation, closely: bool) -> Result<(), String> {
        match operation {
            Operation::Allocate { slot, size, align } => {
                self.allocate(slot, size, align, false, closely)?;
            }
            Operation::Zeroed { slot, size, align } => {
                self.allocate(slot, size, align, true, closely)?;
            }
            Operation::Free { slot } => {
                let Some(placed) = self.model.get(slot) else { return Ok(()) };
                self.model.verify(placed)?;
                self.model.remove(slot);
                // SAFETY: the model had it live with this layout.
                unsafe { self.subject.deallocate(placed.pointer, placed.layout) };
            }
            Operation::Reallocate { slot, size } => self.reallocate(slot, size)?,
            Operation::Grow { slot, size } => self.resize(slot, size, true)?,
            Operation::Shrink { slot, size } => self.resize(slot, size, false)?,
            Operation::Reset => {
                self.model.verify_all()?;
                // SAFETY: nobody uses a block but the model, which forgets them.
                if unsafe { self.subject.reset() } {
                    self.model.clear();
                }
            }
            Operation::Foreign { pages } => self.subject.foreign(pages),
            Operation::Refuse | Operation::Permit => {
                self.refusing = operation == Operation::Refuse;
                self.subject.refuse(self.refusing);
            }
        }
        self.report.done += 1;
        self.report.peak = self.report.peak.max(self.model.bytes());
        Ok(())
    }

    fn allocate(
        &mut self,
        slot: u32,
        size: usize,
        align: usize,
        zeroed: bool,
        closely: bool,
    ) -> Result<(), String> {
        let Ok(layout) = Layout::from_size_align(size, align) else { return Ok(()) };
        if self.model.get(slot).is_some() {
            return Ok(());
        }
        let legality = self.subject.legality(&self.model, layout);
        let cost = if closely { self.subject.usable_size(layout) } else { None };
        let before = if cost.is_some() { self.live_bytes() } else { 0 };
        let answer = if zeroed {
            let Some(answer) = self.subject.zeroed(layout) else { return Ok(()) };
            answer
        } else {
            self.subject.allocate(layout)
        };
        let Some(block) = self.answered(answer, legality)? else {
            return self.subject.refused(layout, None);
        };
        self.within(block)?;
        match cost {
            None => {}
            Some(None) => return Err("granted, though it cannot be had at any cost".into()),
            Some(Some(cost)) => {
                let took = self.live_bytes() - before;
                if cost < size || took != cost {
                    return Err(format!("took {took} bytes, though it would cost {cost}"));
                }
            }
        }
        if zeroed {
            // SAFETY: the block is live, and `alloc_zeroed` initialises it.
            let bytes = unsafe { block.as_ref() };
            if let Some(at) = bytes.iter().position(|&byte| byte != 0) {
                return Err(format!("byte {at} is {:#04x}, not 0", bytes[at]));
            }
        }
        self.model.place(slot, block, layout)
    }

    fn live_bytes(&self) -> usize {
        self.subject.inspect().map_or(0, |view| view.stats().live_bytes)
    }

    /// Counts an answer and holds it against what it must be.
    fn answered(
        &mut self,
        answer: Option<NonNull<[u8]>>,
        legality: Legality,
    ) -> Result<Option<NonNull<[u8]>>, String> {
        match (&answer, legality) {
            (None, Legality::MustSucceed) => return Err("refused, though there is room".into()),
            (Some(_), Legality::MustFail) => return Err("granted, though it must not be".into()),
            (None, _) => self.report.refused += 1,
            (Some(_), _) => self.report.granted += 1,
        }
        Ok(answer)
    }

    fn within(&self, block: NonNull<[u8]>) -> Result<(), String> {
        let start = block.cast::<u8>().as_ptr() as usize;
        let range = start..start + block.len();
        if self.subject.owns(range.clone()) {
            Ok(())
        } else {
            Err(format!("{range:#x?} is not the allocator's to give"))
        }
    }

    fn reallocate(&mut self, slot: u32, size: usize) -> Result<(), String> {
        let Some(placed) = self.model.get(slot) else { return Ok(()) };
        let Ok(layout) = Layout::from_size_align(size, placed.layout.align()) else {
            return Ok(());
        };
        self.model.verify(placed)?;
        let legality = match self.subject.legality(&self.model, layout) {
            // It may be possible where the block is.
            Legality::MustFail => Legality::Either,
            other => other,
        };
        // SAFETY: the model has it live with this layout.
        let answer = unsafe { self.subject.reallocate(placed.pointer, placed.layout, size) };
        let Some(answer) = answer else { return Ok(()) };
        let Some(block) = self.answered(answer, legality)? else {
            self.model.verify(placed).map_err(|what| format!("refused, yet {what}"))?;
            return self.subject.refused(layout, Some(placed));
        };
        self.within(block)?;
        if block.cast() == placed.pointer {
            self.report.resized += 1;
        }
        self.moved(slot, block, layout)
    }

    fn resize(&mut self, slot: u32, size: usize, larger: bool) -> Result<(), String> {
        let Some(placed) = self.model.get(slot) else { return Ok(()) };
        let old = placed.layout;
        let Ok(layout) = Layout::from_size_align(size, old.align()) else { return Ok(()) };
        if (larger && size < old.size()) || (!larger && size > old.size()) {
            return Ok(());
        }
        // SAFETY: the model has it live with this layout.
        let answer = unsafe { self.subject.resize_in_place(placed.pointer, old, layout) };
        match answer {
            None => Ok(()),
            Some(None) => self.model.verify(placed).map_err(|what| format!("refused, yet {what}")),
            Some(Some(block)) => {
                if block.cast() != placed.pointer {
                    return Err(format!("moved from {:p} to {block:p}", placed.pointer));
                }
                self.within(block)?;
                self.report.resized += 1;
                self.moved(slot, block, layout)
            }
        }
    }

    /// A block was resized: what both sizes have in common is as it was.
    fn moved(&mut self, slot: u32, block: NonNull<[u8]>, layout: Layout) -> Result<(), String> {
        let Some(placed) = self.model.remove(slot) else { return Ok(()) };
        if block.len() < layout.size() {
            return Err(format!("{} bytes for {layout:?}", block.len()));
        }
        let kept = placed.layout.size().min(layout.size());
        // SAFETY: the block is live and no shorter than its layout.
        unsafe { self.model.verify_moved(placed, block.cast(), kept) }?;
        self.model.place(slot, block, layout)
    }
}

thread_local! {
    /// True if panics of this thread are expected and not worth a message.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `fails` with no messages from panics of this thread.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let result = work();
    QUIET.set(false);
    result
}

/// Applies `count` random operations to a new subject. A failing sequence is cut down and printed
/// as a trace.
///
/// # Panics
/// Something was found wrong.
pub fn drive(
    make: &dyn Fn() -> Box<dyn Subject>,
    profile: &Profile,
    seed: u64,
    count: usize,
    options: Options,
) -> Report {
    let operations = profile.generate(seed, count);
    match quietly(|| run(&mut *make(), &operations, options)) {
        Ok(report) => report,
        Err(failure) => {
            // What was found late can be found early, and what comes behind it does not matter.
            let mut part = operations;
            part.truncate(failure.at + 1);
            let fails = |part: &[Operation]| run(&mut *make(), part, Options::EACH).is_err();
            let again = quietly(|| fails(&part));
            let short = if again { quietly(|| shrink(part, fails)) } else { part };
            let found = quietly(|| run(&mut *make(), &short, Options::EACH)).err();
            let trace = Trace { subject: make().name().to_owned(), operations: short };
            panic!(
                "{failure} (seed {seed})\ncut down to: {}\n{trace}",
                found.unwrap_or(failure.clone())
            );
        }
    }
}

/// Applies a recorded trace to a new subject, with every look after each operation.
///
/// # Errors
/// The first thing that was found wrong.
pub fn replay(make: &dyn Fn() -> Box<dyn Subject>, trace: &Trace) -> Result<Report, Failure> {
    run(&mut *make(), &trace.operations, Options::EACH)
}
