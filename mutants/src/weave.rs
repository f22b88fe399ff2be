//! Every mutant of a file in one source, each behind a question which of them is alive.
//!
//! ```text
//! a + b        (match crate::mutation::at(7) { 0 => { a - b } 1 => { a * b } _ => { a + b } })
//! { body }     { match crate::mutation::at(9) { 0 => return true, _ => {} } body }
//! pat => body  pat if crate::mutation::at(11) != 0 => body
//! ```
//!
//! Only one mutant is alive in a process, so the alternatives hold the source as it was; what
//! stays holds the places within it.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::list::{Genre, Mutant, Place};

/// A file with its mutants.
#[derive(Debug)]
pub(crate) struct Woven {
    pub(crate) source: String,
    /// Where each mutant stands in `source`.
    pub(crate) alternatives: Vec<(usize, Range<usize>)>,
    /// Where each place, with all its mutants, stands in `source`.
    pub(crate) places: Vec<(Vec<usize>, Range<usize>)>,
    /// Mutants that this way of weaving has no place for.
    pub(crate) left_out: Vec<usize>,
}

/// What is woven into `source`: the mutants with their numbers, all of this file.
pub(crate) fn weave(source: &str, mutants: &[(usize, &Mutant)]) -> Result<Woven> {
    let lines = Lines::new(source);
    let mut syntax = Syntax::new(&lines);
    syntax.visit_file(&syn::parse_file(source).context("not the source of a file")?);

    let mut places: BTreeMap<(Range2, Genre), Vec<(usize, &Mutant)>> = BTreeMap::new();
    for &(number, mutant) in mutants {
        let span = (lines.offset(mutant.span.start), lines.offset(mutant.span.end));
        places.entry((span, mutant.genre)).or_default().push((number, mutant));
    }

    let mut edits = Vec::new();
    let mut left_out = Vec::new();
    for (((start, end), genre), mutants) in places {
        match syntax.edit(source, genre, start..end, &mutants) {
            Some(edit) => edits.push(edit),
            None => left_out.extend(mutants.iter().map(|&(number, _)| number)),
        }
    }
    Ok(apply(edits, source, left_out))
}

type Range2 = (usize, usize);

/// Offsets of the lines of a source.
pub(crate) struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let starts = [0]
            .into_iter()
            .chain(source.match_indices('\n').map(|(offset, _)| offset + 1))
            .collect();
        Self { source, starts }
    }

    pub(crate) fn offset(&self, place: Place) -> usize {
        self.at(place.line, place.column - 1)
    }

    fn at(&self, line: usize, characters: usize) -> usize {
        let start = self.starts[line - 1];
        let rest = &self.source[start..];
        start + rest.char_indices().nth(characters).map_or(rest.len(), |(offset, _)| offset)
    }

    fn range(&self, span: proc_macro2::Span) -> Range<usize> {
        let at = |place: LineColumn| self.at(place.line, place.column);
        at(span.start())..at(span.end())
    }
}

/// What the mutants' places belong to.
struct Syntax<'a> {
    lines: &'a Lines<'a>,
    /// Of an operator: the expression, and whether a `let` in it forbids parentheses.
    operators: BTreeMap<usize, Operator>,
    arms: BTreeMap<usize, Arm>,
    /// Where functions' bodies are, and whether they say what is returned: `impl Trait` does not.
    bodies: Vec<(Range<usize>, bool)>,
    /// Of a field of a struct that takes its others from elsewhere: the whole expression.
    fields: BTreeMap<usize, Range<usize>>,
}

struct Operator {
    whole: Range<usize>,
    operator: Range<usize>,
    plain: bool,
}

struct Arm {
    pattern_end: usize,
    guard: Option<Range<usize>>,
}

impl<'a> Syntax<'a> {
    fn new(lines: &'a Lines<'a>) -> Self {
        Self {
            lines,
            operators: BTreeMap::new(),
            arms: BTreeMap::new(),
            bodies: Vec::new(),
            fields: BTreeMap::new(),
        }
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let returns = self.lines.range(signature.output.span());
        let opaque = self.lines.source[returns].contains("impl ");
        self.bodies.push((self.lines.range(block.span()), !opaque));
    }

    fn operator(&mut self, whole: &syn::Expr, operator: proc_macro2::Span) {
        let operator = self.lines.range(operator);
        let mut lets = Lets(false);
        lets.visit_expr(whole);
        self.operators.insert(
            operator.start,
            Operator { whole: self.lines.range(whole.span()), operator, plain: !lets.0 },
        );
    }

    fn edit(
        &self,
        source: &str,
        genre: Genre,
        span: Range<usize>,
        mutants: &[(usize, &Mutant)],
    ) -> Option<Edit> {
        let choose = |whole: Range<usize>, replaced: Range<usize>| Edit {
            opening: "(match crate::mutation::at(",
            alternatives: mutants
                .iter()
                .map(|&(number, mutant)| {
                    let before = &source[whole.start..replaced.start];
                    let after = &source[replaced.end..whole.end];
                    (number, format!("{{ {before}{}{after} }}", mutant.replacement))
                })
                .collect(),
            rest: "_ => { ",
            closing: " } })",
            place: whole,
        };
        match genre {
            Genre::BinaryOperator | Genre::UnaryOperator => {
                let operator = self.operators.get(&span.start).filter(|operator| operator.plain)?;
                Some(choose(operator.whole.clone(), operator.operator.clone()))
            }
            Genre::MatchArmGuard => {
                let arm = self.arms.values().find(|arm| {
                    arm.guard.as_ref().is_some_and(|guard| guard.start == span.start)
                })?;
                let guard = arm.guard.clone()?;
                (!source[guard.clone()].contains("let ")).then(|| choose(guard.clone(), guard))
            }
            Genre::MatchArm => {
                let arm = self.arms.get(&span.start)?;
                let [(number, _)] = mutants else { return None };
                let (place, rest, closing) = match &arm.guard {
                    Some(guard) => (guard.clone(), " != 0 && (", ")"),
                    None => (arm.pattern_end..arm.pattern_end, " != 0", ""),
                };
                Some(Edit {
                    opening: if arm.guard.is_some() {
                        "crate::mutation::at("
                    } else {
                        " if crate::mutation::at("
                    },
                    alternatives: vec![(*number, String::new())],
                    rest,
                    closing,
                    place,
                })
            }
            Genre::FnValue => {
                let (body, typed) = self
                    .bodies
                    .iter()
                    .filter(|(body, _)| body.start <= span.start && span.end <= body.end)
                    .min_by_key(|(body, _)| body.len())?;
                if !typed {
                    return None;
                }
                let start = body.start + 1;
                Some(Edit {
                    opening: " match crate::mutation::at(",
                    alternatives: mutants
                        .iter()
                        .map(|&(number, mutant)| {
                            (number, format!("return {},", mutant.replacement))
                        })
                        .collect(),
                    rest: "_ => {} } ",
                    closing: "",
                    place: start..start,
                })
            }
            Genre::StructField => {
                let whole = self.fields.get(&span.start)?;
                let behind = &source[span.end..];
                let comma = behind.len() - behind.trim_start().len() + 1;
                Some(choose(whole.clone(), span.start..span.end + comma))
            }
        }
    }
}

impl<'ast> Visit<'ast> for Syntax<'_> {
    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        match expression {
            syn::Expr::Binary(binary) => self.operator(expression, binary.op.span()),
            syn::Expr::Unary(unary) => self.operator(expression, unary.op.span()),
            syn::Expr::Struct(whole) if whole.rest.is_some() => {
                let range = self.lines.range(whole.span());
                for field in &whole.fields {
                    self.fields.insert(self.lines.range(field.span()).start, range.clone());
                }
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let start = self.lines.range(arm.span()).start;
        let pattern = self.lines.range(arm.pat.span());
        let guard = arm.guard.as_ref().map(|(_, guard)| self.lines.range(guard.span()));
        self.arms.insert(start, Arm { pattern_end: pattern.end, guard });
        visit::visit_arm(self, arm);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.body(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// Whether an expression has a `let` of a chain in it.
struct Lets(bool);

impl<'ast> Visit<'ast> for Lets {
    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        match expression {
            syn::Expr::Let(_) => self.0 = true,
            syn::Expr::Binary(_) | syn::Expr::Paren(_) => visit::visit_expr(self, expression),
            _ => {}
        }
    }
}

/// Mutants of one place: what stands around it.
struct Edit {
    opening: &'static str,
    alternatives: Vec<(usize, String)>,
    rest: &'static str,
    closing: &'static str,
    place: Range<usize>,
}

fn apply(mut edits: Vec<Edit>, source: &str, left_out: Vec<usize>) -> Woven {
    // What contains another opens before it and closes after it.
    edits.sort_by_key(|edit| (edit.place.start, usize::MAX - edit.place.end));
    let mut woven =
        Woven { source: String::new(), alternatives: Vec::new(), places: Vec::new(), left_out };
    let mut open: Vec<(usize, &Edit)> = Vec::new();
    let mut edits = edits.iter().peekable();
    let mut offset = 0;
    loop {
        while let Some(&(start, edit)) = open.last().filter(|open| open.1.place.end <= offset) {
            open.pop();
            woven.source.push_str(edit.closing);
            let numbers = edit.alternatives.iter().map(|&(number, _)| number).collect();
            woven.places.push((numbers, start..woven.source.len()));
        }
        while let Some(edit) = edits.next_if(|edit| edit.place.start == offset) {
            let start = woven.source.len();
            woven.open(edit);
            open.push((start, edit));
            if edit.place.is_empty() {
                break;
            }
        }
        if open.last().is_some_and(|(_, edit)| edit.place.end <= offset) {
            continue;
        }
        let next = [
            edits.peek().map(|edit| edit.place.start),
            open.last().map(|(_, edit)| edit.place.end),
        ];
        let next = next.into_iter().flatten().min().unwrap_or(source.len());
        woven.source.push_str(&source[offset..next]);
        if offset == source.len() {
            return woven;
        }
        offset = next;
    }
}

impl Woven {
    fn open(&mut self, edit: &Edit) {
        self.source.push_str(edit.opening);
        self.source.push_str(&format!("{})", edit.alternatives[0].0));
        if !edit.alternatives[0].1.is_empty() {
            self.source.push_str(" { ");
        }
        for (number, alternative) in &edit.alternatives {
            if alternative.is_empty() {
                // A deleted arm: all there is to it is the question.
                self.alternatives.push((*number, self.source.len()..self.source.len()));
                continue;
            }
            // The numbers of a place may have gaps, where a mutant did not compile.
            let distance = number - edit.alternatives[0].0;
            let start = self.source.len();
            self.source.push_str(&format!("{distance} => {alternative} "));
            self.alternatives.push((*number, start..self.source.len()));
        }
        self.source.push_str(edit.rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Span;

    fn mutant(genre: Genre, line: usize, from: usize, to: usize, replacement: &str) -> Mutant {
        let place = |column| Place { line, column };
        Mutant {
            name: String::new(),
            file: String::new(),
            span: Span { start: place(from), end: place(to) },
            replacement: replacement.to_owned(),
            genre,
        }
    }

    fn woven(source: &str, mutants: &[Mutant]) -> String {
        let numbered: Vec<_> = mutants.iter().enumerate().collect();
        let woven = weave(source, &numbered).unwrap();
        syn::parse_file(&woven.source).unwrap();
        woven.source
    }

    #[test]
    fn operators_are_wrapped_from_the_outside_in() {
        assert_eq!(
            woven(
                "const fn f() -> bool { 1 + 2 == 3 }",
                &[
                    mutant(Genre::FnValue, 1, 24, 34, "true"),
                    mutant(Genre::BinaryOperator, 1, 26, 27, "-"),
                    mutant(Genre::BinaryOperator, 1, 30, 32, "!="),
                ]
            ),
            "const fn f() -> bool { match crate::mutation::at(0) { 0 => return true, _ => {} }  \
             (match crate::mutation::at(2) { 0 => { 1 + 2 != 3 } _ => { \
             (match crate::mutation::at(1) { 0 => { 1 - 2 } _ => { 1 + 2 } }) == 3 } }) }"
        );
    }

    #[test]
    fn a_field_is_left_to_where_the_others_come_from() {
        assert_eq!(
            woven(
                "fn f(s: S) -> S { S { a: 1, b, ..s } }",
                &[mutant(Genre::StructField, 1, 23, 27, "")]
            ),
            "fn f(s: S) -> S { (match crate::mutation::at(0) { 0 => { S {  b, ..s } } \
             _ => { S { a: 1, b, ..s } } }) }"
        );
    }

    #[test]
    fn an_arm_is_deleted_by_its_guard() {
        assert_eq!(
            woven(
                "fn f(n: u8) -> u8 { match n { 0 => 1, n if n > 3 => 2, _ => 3 } }",
                &[mutant(Genre::MatchArm, 1, 31, 38, ""), mutant(Genre::MatchArm, 1, 39, 54, ""),]
            ),
            "fn f(n: u8) -> u8 { match n { 0 if crate::mutation::at(0) != 0 => 1, \
             n if crate::mutation::at(1) != 0 && (n > 3) => 2, _ => 3 } }"
        );
    }
}
