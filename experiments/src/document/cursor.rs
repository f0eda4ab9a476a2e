//! Where the parser stands among the tokens, what it has found so far, and how it says what it expected.

use super::{
    parse::Parsed,
    source::Span,
    token::{self, Bracket, Token},
    tree::Node,
};
use crate::diagnostic::Diagnostic;

/// A group in brackets that is being read.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub(super) bracket: Bracket,
    pub(super) opened: Span,
    /// Whether each item starts with a field's name.
    pub(super) fields: bool,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    tokens: Vec<(Token, Span)>,
    pub(super) at: usize,
    /// The groups around the present place, outermost first.
    pub(super) open: Vec<Group>,
    /// Whether a wrong or missing bracket has been reported: what follows may only follow from it.
    pub(super) unbalanced: bool,
    /// An opening bracket whose closing one, by the layout, belongs to another.
    pub(super) suspect: Option<Span>,
    /// How many of the diagnostics are the lexer's.
    pub(super) lexical: usize,
    /// Where a text or comment begins that never ends.
    pub(super) broken: Option<usize>,
    pub(super) parsed: Parsed,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, source: usize) -> Self {
        let read = token::tokens(text, source);
        let sound = read.broken.is_none() && !read.guessed;
        Self {
            text,
            tokens: read.read,
            at: 0,
            open: Vec::new(),
            unbalanced: false,
            suspect: None,
            lexical: read.diagnostics.len(),
            broken: read.broken,
            parsed: Parsed { root: None, comments: read.comments, diagnostics: read.diagnostics, sound },
        }
    }

    pub(super) fn finish(mut self, root: Option<Node>) -> Parsed {
        self.drop_echoes();
        self.parsed.root = root;
        self.parsed
    }

    // The last token is `End`, and the parser never moves beyond it.
    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn peek_second(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn span(&self) -> Span {
        self.span_of(self.at)
    }

    /// The place of the token before.
    pub(super) fn behind(&self) -> Span {
        self.span_of(self.at.saturating_sub(1))
    }

    pub(super) fn span_of(&self, token: usize) -> Span {
        let last = self.tokens.last();
        self.tokens.get(token).or(last).map_or_else(Span::default, |(_, span)| *span)
    }

    pub(super) fn advance(&mut self) -> Span {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len().saturating_sub(1));
        span
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if !self.exhausted() {
            self.parsed.diagnostics.push(diagnostic);
        }
    }

    /// Whether enough is wrong to stop reading.
    pub(super) fn exhausted(&self) -> bool {
        self.parsed.diagnostics.len() >= super::MOST_MISTAKES
    }

    /// What stands at the present place, in words.
    pub(super) fn found(&self) -> String {
        match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Stray => format!("`{}`", self.slice(self.span()).escape_debug()),
            Token::Text(_)
            | Token::Open(_)
            | Token::Close(_)
            | Token::Comma
            | Token::Colon
            | Token::Word
            | Token::Number(_)
            | Token::Character(_) => format!("`{}`", self.slice(self.span())),
        }
    }

    /// Reports that something else was expected here; the tree has a gap.
    pub(super) fn unexpected(&mut self, expected: &str, help: Option<&str>) {
        self.parsed.sound = false;
        let what = format!("expected {expected}, found {}", self.found());
        let diagnostic = Diagnostic::error("E0102", what).at(self.span(), format!("expected {expected}"));
        let extension = "lines such as `#![enable(…)]` are not needed: remove them";
        let help = if self.slice(self.span()) == "#" { Some(extension) } else { help };
        self.report(help.into_iter().fold(diagnostic, Diagnostic::help));
    }
}
