//! From tokens to the tree. Goes on after a mistake, so that one pass tells of all of them.
//!
//! What is put right and what is skipped stands in `recovery`; where only a guess was left, the document is marked
//! as not sound.

use super::{
    cursor::{Group, Parser},
    source::Span,
    token::{Bracket, Token},
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
            parser.unexpected("a value", None);
            parser.advance();
        }
    }
    (values, parser.finish(None).diagnostics)
}

impl Parser<'_> {
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
        let scalar = match self.peek().clone() {
            Token::Number(number) => Scalar::Number(number),
            Token::Text(text) => Scalar::Text(text),
            Token::Character(character) => Scalar::Character(character),
            Token::Word => return self.word(),
            Token::Open(bracket) => return self.bracketed(bracket, None),
            Token::Close(_) | Token::Comma | Token::Colon | Token::Stray | Token::End => {
                self.unexpected("a value", None);
                return None;
            }
        };
        self.advance();
        Some(Node { kind: Kind::Scalar(scalar), span })
    }

    fn word(&mut self) -> Option<Node> {
        let span = self.advance();
        let text = self.slice(span).to_owned();
        match *self.peek() {
            Token::Open(Bracket::Round) => return self.bracketed(Bracket::Round, Some(Name { text, span })),
            Token::Open(Bracket::Curly) => return self.braced(Name { text, span }),
            _ => {}
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

    fn bracketed(&mut self, bracket: Bracket, name: Option<Name>) -> Option<Node> {
        let opened = self.span();
        if self.open.len() >= DEEPEST {
            self.too_deep(opened);
            return None;
        }
        self.advance();
        let start = name.as_ref().map_or(opened, |name| name.span);
        let map = bracket == Bracket::Curly && name.is_none();
        let group = Group { bracket, opened, fields: !map && self.starts_fields(bracket) };
        let (kind, closed) = if map {
            let (entries, closed) = self.items(group, Self::entry);
            (Kind::Map(entries), closed)
        } else if bracket == Bracket::Square {
            let (items, closed) = self.items(group, Self::value);
            (Kind::List(items), closed)
        } else if group.fields {
            let (fields, closed) = self.items(group, Self::field);
            (Kind::Struct { name, fields, loose: false }, closed)
        } else {
            let (items, closed) = self.items(group, Self::value);
            (Kind::Tuple { name, items }, closed)
        };
        Some(Node { kind, span: start.to(closed) })
    }

    /// Whether a group has named fields: it is empty, or starts with something and a colon.
    fn starts_fields(&self, bracket: Bracket) -> bool {
        match (self.peek(), self.peek_second()) {
            (Token::Close(close), _) => *close == bracket && bracket != Bracket::Square,
            (Token::Word, Token::Stray) | (_, Token::Colon) => bracket != Bracket::Square,
            _ => false,
        }
    }

    /// Reports brackets beyond [`DEEPEST`] and moves over them.
    fn too_deep(&mut self, opened: Span) {
        self.parsed.sound = false;
        let what = format!("brackets are nested more than {DEEPEST} deep");
        self.report(Diagnostic::error("E0108", what).at(opened, "this one is too deep"));
        self.skip_group();
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

    /// `name: value`.
    fn field(&mut self) -> Option<Field> {
        if *self.peek() != Token::Word {
            let quoted = matches!(self.peek(), Token::Text(_));
            let help = quoted.then_some("names of fields have no quotes; keys in { … } have them");
            self.unexpected("a field `name: value`", help);
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
        self.unexpected(&format!("`:` after `{after}`"), None);
        if *self.peek() == Token::Stray {
            self.advance();
        }
    }
}
