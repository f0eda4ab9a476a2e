//! From tokens to the tree. Goes on after a mistake, so that one pass tells of all of them.
//!
//! A missing comma is put in, a wrong closing bracket closes what it most likely meant to close; where only a
//! guess would be left, the piece is skipped and the document is marked as not sound.

use super::{
    source::Span,
    token::{self, Bracket, Token},
    tree::{Entry, Field, Kind, Name, Node, Scalar},
};
use crate::diagnostic::Diagnostic;

/// Brackets within brackets: far beyond any real file, far below any stack's end.
const DEEPEST: usize = 64;

/// A text read: its tree and what is wrong with it.
#[derive(Debug)]
pub struct Parsed {
    /// The tree, as far as it could be read; `None` if there is nothing.
    pub root: Option<Node>,
    /// Where comments stand, `//` or `/*` included, in the order of the text.
    pub comments: Vec<Span>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the tree is what was meant: nothing wrong, or nothing that needed a guess.
    pub sound: bool,
}

/// Reads one value: a whole file, or the value of a flag.
pub fn parse(text: &str, source: usize) -> Parsed {
    let mut parser = Parser::new(text, source);
    let root = parser.root();
    parser.finish(root)
}

/// Reads values separated by commas: `0.5, 0.6`.
pub(crate) fn parse_list(text: &str, source: usize) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut parser = Parser::new(text, source);
    let mut values = Vec::new();
    while *parser.peek() != Token::End && !parser.exhausted() {
        let start = parser.at;
        match parser.value() {
            Some(value) => {
                values.push(value);
                parser.separator(start);
            }
            None => parser.recover(start),
        }
        if matches!(parser.peek(), Token::Close(_)) {
            parser.unexpected("a value");
            parser.advance();
        }
    }
    let parsed = parser.finish(None);
    (values, parsed.diagnostics)
}

/// A group in brackets that is being read.
#[derive(Clone, Copy)]
struct Group {
    bracket: Bracket,
    opened: Span,
    /// Whether each item starts with a field's name.
    fields: bool,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    at: usize,
    /// The groups around the present place, outermost first.
    open: Vec<Group>,
    /// Whether a wrong or missing bracket has been reported: what follows may only follow from it.
    unbalanced: bool,
    /// How many of the diagnostics are the lexer's.
    lexical: usize,
    /// Where a text or comment begins that never ends.
    broken: Option<usize>,
    parsed: Parsed,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, source: usize) -> Self {
        let read = token::tokens(text, source);
        let lexical = read.diagnostics.len();
        Self {
            text,
            tokens: read.tokens,
            at: 0,
            open: Vec::new(),
            unbalanced: false,
            lexical,
            broken: read.broken,
            parsed: Parsed {
                root: None,
                comments: read.comments,
                diagnostics: read.diagnostics,
                sound: read.broken.is_none(),
            },
        }
    }

    fn finish(mut self, root: Option<Node>) -> Parsed {
        self.parsed.root = root;
        self.drop_echoes();
        self.parsed
    }

    /// A text or comment without its end swallows brackets: what the parser says after it only follows from it.
    fn drop_echoes(&mut self) {
        let Some(broken) = self.broken else { return };
        let before = |found: &Diagnostic| found.labels.iter().all(|label| label.span.start < broken);
        let (mut index, lexical) = (0, self.lexical);
        self.parsed.diagnostics.retain(|found| {
            index += 1;
            index <= lexical || found.code != "E0104" && before(found)
        });
    }

    // The last token is `End`, and the parser never moves beyond it.
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn peek_second(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        let last = self.tokens.last();
        self.tokens.get(self.at).or(last).map_or_else(Span::default, |(_, span)| *span)
    }

    /// The place of the token before.
    fn behind(&self) -> Span {
        self.tokens.get(self.at.saturating_sub(1)).map_or_else(Span::default, |(_, span)| *span)
    }

    fn advance(&mut self) -> Span {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len().saturating_sub(1));
        span
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.exhausted() {
            self.parsed.diagnostics.push(diagnostic);
        }
    }

    /// Whether enough is wrong to stop reading.
    fn exhausted(&self) -> bool {
        self.parsed.diagnostics.len() >= super::MOST_MISTAKES
    }

    /// What stands at the present place, in words.
    fn found(&self) -> String {
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
    fn unexpected(&mut self, expected: &str) {
        self.parsed.sound = false;
        let what = format!("expected {expected}, found {}", self.found());
        let mut diagnostic = Diagnostic::error("E0102", what).at(self.span(), format!("expected {expected}"));
        if self.slice(self.span()) == "#" {
            diagnostic = diagnostic.help("lines such as `#![enable(…)]` are not needed: remove them");
        }
        self.report(diagnostic);
    }

    fn root(&mut self) -> Option<Node> {
        if *self.peek() == Token::End {
            self.parsed.sound = false;
            let what = Diagnostic::error("E0109", "there is nothing here to run");
            let help = "an experiment is one value in parentheses; `stampede init` writes one to start from";
            self.report(what.at(self.span(), "the text is empty").help(help));
            return None;
        }
        let root = self.value()?;
        if *self.peek() != Token::End && !self.unbalanced {
            self.trailing();
        }
        Some(root)
    }

    /// Something stands after the value.
    fn trailing(&mut self) {
        self.parsed.sound = false;
        let diagnostic = if let Token::Close(_) = self.peek() {
            Diagnostic::error("E0104", format!("{} closes nothing", self.found()))
                .at(self.span(), "remove it, or open it earlier")
        } else {
            Diagnostic::error("E0102", format!("expected the end, found {}", self.found()))
                .at(self.span(), "one value was complete before this")
        };
        let unwrapped = *self.peek() == Token::Colon;
        let help = "an experiment is one value in parentheses: ( name: \"…\", … )";
        self.report(if unwrapped { diagnostic.help(help) } else { diagnostic });
    }

    /// One value; `None` after reporting that there is none.
    fn value(&mut self) -> Option<Node> {
        let span = self.span();
        let kind = match self.peek().clone() {
            Token::Number(number) => Kind::Scalar(Scalar::Number(number)),
            Token::Text(text) => Kind::Scalar(Scalar::Text(text)),
            Token::Character(character) => Kind::Scalar(Scalar::Character(character)),
            Token::Word => return self.word(),
            Token::Open(bracket) => return self.bracketed(bracket, None),
            Token::Close(_) | Token::Comma | Token::Colon | Token::Stray | Token::End => {
                self.unexpected("a value");
                return None;
            }
        };
        self.advance();
        Some(Node { kind, span })
    }

    fn word(&mut self) -> Option<Node> {
        let span = self.advance();
        let text = self.slice(span).to_owned();
        if *self.peek() == Token::Open(Bracket::Round) {
            return self.bracketed(Bracket::Round, Some(Name { text, span }));
        }
        if *self.peek() == Token::Open(Bracket::Curly) {
            return self.braced(Name { text, span });
        }
        let kind = match &*text {
            "true" => Kind::Scalar(Scalar::Bool(true)),
            "false" => Kind::Scalar(Scalar::Bool(false)),
            _ => Kind::Word(text),
        };
        Some(Node { kind, span })
    }

    /// `Name { … }`: fields in the wrong brackets.
    fn braced(&mut self, name: Name) -> Option<Node> {
        let what = format!("`{}` is followed by `{{`", name.text);
        self.unbalanced(Diagnostic::error("E0104", what).at(self.span(), "write ( … ) around its fields"));
        self.bracketed(Bracket::Curly, Some(name))
    }

    /// Reports a bracket that is wrong or missing, unless one was before: the rest may only follow from it.
    fn unbalanced(&mut self, diagnostic: Diagnostic) {
        self.parsed.sound = false;
        if !self.unbalanced {
            self.unbalanced = true;
            self.report(diagnostic);
        }
    }

    fn bracketed(&mut self, bracket: Bracket, name: Option<Name>) -> Option<Node> {
        let opened = self.span();
        if self.open.len() >= DEEPEST {
            return self.too_deep(opened);
        }
        self.advance();
        let start = name.as_ref().map_or(opened, |name| name.span);
        let named = *self.peek() == Token::Close(bracket)
            || *self.peek() == Token::Word && matches!(self.peek_second(), Token::Colon | Token::Stray);
        let (kind, closed) = match bracket {
            Bracket::Curly if name.is_none() => {
                let (entries, closed) = self.items(Group { bracket, opened, fields: false }, Self::entry);
                (Kind::Map(entries), closed)
            }
            Bracket::Square => {
                let (items, closed) = self.items(Group { bracket, opened, fields: false }, Self::value);
                (Kind::List(items), closed)
            }
            Bracket::Round | Bracket::Curly if named => {
                let (fields, closed) = self.items(Group { bracket, opened, fields: true }, Self::field);
                (Kind::Struct { name, fields, loose: false }, closed)
            }
            Bracket::Round | Bracket::Curly => {
                let (items, closed) = self.items(Group { bracket, opened, fields: false }, Self::value);
                (Kind::Tuple { name, items }, closed)
            }
        };
        Some(Node { kind, span: start.to(closed) })
    }

    /// Reports brackets beyond [`DEEPEST`] and moves over them.
    fn too_deep(&mut self, opened: Span) -> Option<Node> {
        self.parsed.sound = false;
        let what = format!("brackets are nested more than {DEEPEST} deep");
        self.report(Diagnostic::error("E0108", what).at(opened, "this one is too deep"));
        self.skip_group();
        None
    }

    /// Moves over one group in brackets, whatever is in it.
    fn skip_group(&mut self) {
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

    /// Items up to the closing bracket, which is taken too; its place comes back.
    fn items<T>(&mut self, group: Group, item: impl Fn(&mut Self) -> Option<T>) -> (Vec<T>, Span) {
        self.open.push(group);
        let mut items = Vec::new();
        let closed = loop {
            if let Some(closed) = self.closing(group) {
                break closed;
            }
            let start = self.at;
            match item(self) {
                Some(item) => {
                    items.push(item);
                    self.separator(start);
                }
                None => self.recover(start),
            }
        };
        self.open.pop();
        (items, closed)
    }

    /// The place where the bracket ends, if it ends here, by right or by mistake.
    fn closing(&mut self, group: Group) -> Option<Span> {
        if self.exhausted() {
            return Some(self.behind());
        }
        let Token::Close(found) = *self.peek() else {
            return (*self.peek() == Token::End).then(|| self.never_closed(group));
        };
        if found == group.bracket {
            return Some(self.advance());
        }
        let (open, close) = group.bracket.characters();
        let what = format!("`{open}` is closed by {}", self.found());
        let diagnostic = Diagnostic::error("E0104", what)
            .at(self.span(), format!("expected `{close}` before this"))
            .beside(group.opened, "opened here");
        self.unbalanced(diagnostic);
        // If a bracket further out waits for this one, ours was forgotten; unless the layout says it is ours.
        let outer = self.open.iter().any(|outer| outer.bracket == found);
        let forgotten = outer && !self.aligned(group.opened, self.span());
        if forgotten { Some(self.behind()) } else { Some(self.advance()) }
    }

    /// Whether two brackets stand on different lines that begin in the same column.
    fn aligned(&self, opened: Span, closed: Span) -> bool {
        let line = |span: Span| self.text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let column = |start: usize| self.text[start..].len() - self.text[start..].trim_start().len();
        let (first, last) = (line(opened), line(closed));
        first != last && column(first) == column(last)
    }

    fn never_closed(&mut self, group: Group) -> Span {
        let (open, close) = group.bracket.characters();
        let what = Diagnostic::error("E0104", format!("`{open}` is never closed"));
        self.unbalanced(what.at(group.opened, format!("add the `{close}` that belongs to this")));
        self.behind()
    }

    /// What stands between two items; `start` is where the item before began.
    fn separator(&mut self, start: usize) {
        match self.peek() {
            Token::Comma => drop(self.advance()),
            Token::Close(_) | Token::End => {}
            Token::Number(_) | Token::Text(_) | Token::Character(_) | Token::Open(_) if self.in_fields() => {
                self.unexpected("`,`");
                self.recover(start);
            }
            Token::Word | Token::Number(_) | Token::Text(_) | Token::Character(_) | Token::Open(_) => {
                self.missing_comma(start);
            }
            Token::Colon => {
                self.unexpected("`,`");
                if let Some(last) = self.parsed.diagnostics.pop() {
                    let help = "in ( … ) a field is `name: value`, in { … } an entry is `\"key\": value`";
                    self.parsed.diagnostics.push(last.help(help));
                }
                self.recover(start);
            }
            Token::Stray => {
                self.unexpected("`,`");
                self.advance();
            }
        }
    }

    /// Whether the next item must start with a field's name.
    fn in_fields(&self) -> bool {
        self.open.last().is_some_and(|group| group.fields)
    }

    fn missing_comma(&mut self, start: usize) {
        let behind = self.behind();
        let first = self.tokens.get(start).map_or(behind, |(_, span)| *span);
        let item = self.slice(first.to(behind));
        let short = item.len() <= 40 && !item.contains('\n');
        let what = if short {
            format!("missing comma after `{item}`")
        } else {
            "missing comma after this value".to_owned()
        };
        self.report(Diagnostic::error("E0101", what).at(behind.after(), "add `,` here"));
    }

    /// After an item that could not be read: on to the next comma or the end of the group.
    fn recover(&mut self, start: usize) {
        if self.at == start && !matches!(self.peek(), Token::Close(_) | Token::End | Token::Comma) {
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

    /// `name: value`.
    fn field(&mut self) -> Option<Field> {
        if *self.peek() != Token::Word {
            self.unexpected("a field `name: value`");
            return None;
        }
        let span = self.advance();
        let name = Name { text: self.slice(span).to_owned(), span };
        self.colon(&name.text);
        let value = self.value()?;
        Some(Field { name, value })
    }

    /// `key: value`.
    fn entry(&mut self) -> Option<Entry> {
        let key = self.value()?;
        let text = self.slice(key.span).to_owned();
        self.colon(&text);
        let value = self.value()?;
        Some(Entry { key, value })
    }

    /// The colon after a name; a stray `=` is taken for it.
    fn colon(&mut self, after: &str) {
        if *self.peek() == Token::Colon {
            self.advance();
            return;
        }
        let after = after.lines().next().unwrap_or_default();
        self.unexpected(&format!("`:` after `{after}`"));
        if *self.peek() == Token::Stray {
            self.advance();
        }
    }
}
