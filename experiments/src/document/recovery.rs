//! How the parser goes on after a mistake in commas and brackets.
//!
//! A missing comma is put in; a wrong closing bracket closes what, by the layout, it was meant to close; an item
//! that cannot be read is skipped to the next comma. Mistakes that only follow from another are not told.

use super::{
    cursor::{Group, Parser},
    source::Span,
    token::Token,
};
use crate::diagnostic::Diagnostic;

impl Parser<'_> {
    /// What stands between two items; `start` is where the item before began.
    pub(super) fn separator(&mut self, start: usize) {
        let fields = self.open.last().is_some_and(|group| group.fields);
        match self.peek() {
            Token::Comma => drop(self.advance()),
            Token::Close(_) | Token::End => {}
            Token::Word => self.missing_comma(start),
            Token::Number(_) | Token::Text(_) | Token::Character(_) | Token::Open(_) if !fields => {
                self.missing_comma(start);
            }
            Token::Number(_) | Token::Text(_) | Token::Character(_) | Token::Open(_) => {
                self.unexpected("`,`", None);
                self.recover(start);
            }
            Token::Colon => {
                let help = "in ( … ) a field is `name: value`, in { … } an entry is `\"key\": value`";
                self.unexpected("`,`", Some(help));
                self.recover(start);
            }
            Token::Stray => {
                self.unexpected("`,`", None);
                self.advance();
            }
        }
    }

    fn missing_comma(&mut self, start: usize) {
        let behind = self.behind();
        let item = self.slice(self.span_of(start).to(behind));
        let short = item.len() <= 40 && !item.contains('\n');
        let after = if short { format!("`{item}`") } else { "this value".to_owned() };
        let what = Diagnostic::error("E0101", format!("missing comma after {after}"));
        self.report(what.at(behind.after(), "add `,` here"));
    }

    /// After an item that could not be read: on to the next comma or the end of the group.
    pub(super) fn recover(&mut self, start: usize) {
        if self.at == start && !matches!(self.peek(), Token::Open(_) | Token::Close(_) | Token::Comma) {
            self.advance();
        }
        loop {
            match self.peek() {
                Token::Comma => {
                    self.advance();
                    return;
                }
                Token::Close(_) | Token::End => return,
                Token::Open(_) => self.skip_group(),
                Token::Colon
                | Token::Word
                | Token::Number(_)
                | Token::Text(_)
                | Token::Character(_)
                | Token::Stray => drop(self.advance()),
            }
        }
    }

    /// Moves over one group in brackets, whatever is in it.
    pub(super) fn skip_group(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth = depth.saturating_sub(1),
                Token::End => return,
                Token::Comma
                | Token::Colon
                | Token::Word
                | Token::Number(_)
                | Token::Text(_)
                | Token::Character(_)
                | Token::Stray => {}
            }
            self.advance();
            if depth == 0 {
                return;
            }
        }
    }

    /// The place where the group ends, if it ends here, by right or by mistake.
    pub(super) fn closing(&mut self, group: Group) -> Option<Span> {
        if self.exhausted() {
            return Some(self.behind());
        }
        match *self.peek() {
            Token::Close(found) if found == group.bracket => {
                if self.suspect.is_none() && self.is_crooked(group.opened) {
                    self.suspect = Some(group.opened);
                }
                Some(self.advance())
            }
            Token::Close(_) => Some(self.wrong_bracket(group)),
            Token::End => Some(self.never_closed(group)),
            Token::Open(_)
            | Token::Comma
            | Token::Colon
            | Token::Word
            | Token::Number(_)
            | Token::Text(_)
            | Token::Character(_)
            | Token::Stray => None,
        }
    }

    /// The group is closed by a bracket of another kind.
    fn wrong_bracket(&mut self, group: Group) -> Span {
        let (open, close) = group.bracket.characters();
        let what = format!("`{open}` is closed by {}", self.found());
        let diagnostic = Diagnostic::error("E0104", what)
            .at(self.span(), format!("expected `{close}` before this"))
            .beside(group.opened, "opened here");
        self.unbalanced(diagnostic);
        // If a bracket further out waits for this one, ours was forgotten; unless the layout says it is ours.
        let token = self.peek();
        let outer = self.open.iter().any(|outer| *token == Token::Close(outer.bracket));
        let forgotten = outer && !self.is_aligned(group.opened, self.span());
        if forgotten { self.behind() } else { self.advance() }
    }

    fn never_closed(&mut self, group: Group) -> Span {
        let (open, close) = group.bracket.characters();
        let what = Diagnostic::error("E0104", format!("`{open}` is never closed"));
        self.unbalanced(what.at(group.opened, format!("add the `{close}` that belongs to this")));
        self.behind()
    }

    /// Reports a bracket that is wrong or missing, unless one was before: the rest may only follow from it.
    pub(super) fn unbalanced(&mut self, diagnostic: Diagnostic) {
        self.parsed.sound = false;
        if self.unbalanced {
            return;
        }
        self.unbalanced = true;
        let told = |place: &Span| diagnostic.labels.iter().any(|label| label.span == *place);
        let suspect = self.suspect.filter(|place| !told(place));
        self.report(match suspect {
            Some(place) => diagnostic.beside(place, "or this one was meant to end earlier"),
            None => diagnostic,
        });
    }

    /// Whether two brackets stand on different lines that begin in the same column.
    fn is_aligned(&self, opened: Span, closed: Span) -> bool {
        let (Some((first, column)), Some((last, other))) = (self.line(opened), self.line(closed)) else {
            return false;
        };
        first != last && column == other
    }

    /// Whether the bracket here stands on a line that begins further left than the one it closes.
    fn is_crooked(&self, opened: Span) -> bool {
        let columns = self.line(self.span()).zip(self.line(opened));
        columns.is_some_and(|((_, closed), (_, opened))| closed < opened)
    }

    /// Where the line of a place begins, and the column of its first character; `None` on a line too long to
    /// have a layout.
    fn line(&self, place: Span) -> Option<(usize, usize)> {
        const LONGEST: usize = 400;
        let before = self.text.as_bytes().get(place.start.saturating_sub(LONGEST)..place.start)?;
        let length = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        let start = place.start - length;
        let line = self.text.as_bytes().get(start..)?;
        let column = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        (length < LONGEST).then_some((start, column))
    }

    /// A text or comment without its end swallows brackets: what the parser says after it only follows from it.
    pub(super) fn drop_echoes(&mut self) {
        let Some(broken) = self.broken else { return };
        let before = |found: &Diagnostic| found.labels.iter().all(|label| label.span.start < broken);
        let (mut index, lexical) = (0, self.lexical);
        self.parsed.diagnostics.retain(|found| {
            index += 1;
            index <= lexical || found.code != "E0104" && before(found)
        });
    }
}
