//! From characters to tokens: brackets, names, numbers, texts; comments are put aside.
//!
//! Never fails: what cannot be read is reported and stands for something harmless, so that the parser goes on.

use super::source::Span;
use crate::diagnostic::Diagnostic;

/// A pair of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

impl Bracket {
    /// Its opening and closing characters.
    pub(super) const fn characters(self) -> (char, char) {
        match self {
            Self::Round => ('(', ')'),
            Self::Square => ('[', ']'),
            Self::Curly => ('{', '}'),
        }
    }
}

/// The smallest meaningful piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open(Bracket),
    Close(Bracket),
    Comma,
    Colon,
    /// A bare name; its text is under the span.
    Word,
    /// A number in decimal.
    Number(String),
    /// A text, escapes resolved.
    Text(String),
    Character(char),
    /// A character that has no meaning here.
    Stray,
    End,
}

/// What the lexer found.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) read: Vec<(Token, Span)>,
    pub(super) comments: Vec<Span>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where a text or comment begins that never ends: what follows was swallowed or means something else.
    pub(super) broken: Option<usize>,
    /// Whether something was read as what it probably is not.
    pub(super) guessed: bool,
}

/// Reads all of `text`, which is source number `source`.
pub(super) fn tokens(text: &str, source: usize) -> Tokens {
    let mut lexer = Lexer { text, source, at: 0, out: Tokens::default() };
    while lexer.at < text.len() && lexer.out.diagnostics.len() < super::MOST_MISTAKES {
        lexer.step();
    }
    let end = lexer.span(lexer.at.min(text.trim_end().len()));
    lexer.out.read.push((Token::End, Span { end: end.start, ..end }));
    lexer.out
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    source: usize,
    pub(super) at: usize,
    out: Tokens,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// From `start` to where the lexer stands.
    pub(super) fn span(&self, start: usize) -> Span {
        Span { source: self.source, start, end: self.at.max(start) }
    }

    pub(super) fn push(&mut self, token: Token, start: usize) {
        let span = self.span(start);
        self.out.read.push((token, span));
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
    }

    pub(super) fn break_at(&mut self, start: usize) {
        self.out.broken.get_or_insert(start);
    }

    /// Moves over characters while they fit.
    pub(super) fn skip(&mut self, fits: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|character| !fits(character)).unwrap_or(rest.len());
    }

    /// Reads one token or one stretch of white space or comment.
    fn step(&mut self) {
        let start = self.at;
        let Some(first) = self.peek() else { return };
        let second = self.rest()[first.len_utf8()..].chars().next();
        match (first, second) {
            (character, _) if character.is_whitespace() => self.skip(char::is_whitespace),
            ('/', Some('/' | '*')) => self.comment(),
            ('"', _) => self.quoted(),
            // The ron crate prints names that mean something else, as that of `Jitter::None`, with this prefix.
            ('r', Some('#')) if self.rest()[2..].starts_with(begins_a_word) => self.at += 2,
            ('r', Some('"' | '#')) => self.raw(),
            ('\'', _) => self.character(),
            ('0'..='9', _) | ('-' | '+' | '.', Some('0'..='9' | '.')) => self.number(),
            (character, _) if begins_a_word(character) => {
                self.skip(|next| next.is_alphanumeric() || next == '_');
                self.push(Token::Word, start);
            }
            (character, _) => {
                self.at += character.len_utf8();
                self.push(punctuation(character), start);
            }
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        if self.rest().starts_with("//") {
            self.skip(|character| character != '\n');
        } else if !self.block_comment() {
            let opening = Span { end: start + 2, ..self.span(start) };
            self.break_at(start);
            self.report(
                Diagnostic::error("E0105", "a comment is never closed").at(opening, "add `*/` at its end"),
            );
        }
        let span = self.span(start);
        self.out.comments.push(span);
    }

    /// Moves over `/* … */`, which may hold others; false if it does not end.
    fn block_comment(&mut self) -> bool {
        let mut depth = 0_u32;
        while self.at < self.text.len() {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return true;
                }
            } else {
                self.at += self.peek().map_or(1, char::len_utf8);
            }
        }
        false
    }

    /// A number, or a quantity that lacks its quotes (`20ms`, `700/s`), which is taken as if it had them.
    fn number(&mut self) {
        let start = self.at;
        let mut before = ' ';
        while let Some(next) = self.peek() {
            let signed = matches!(next, '+' | '-') && (self.at == start || matches!(before, 'e' | 'E'));
            if !(next.is_alphanumeric() || matches!(next, '_' | '.') || signed) {
                break;
            }
            self.at += next.len_utf8();
            before = next;
        }
        if self.rest().starts_with("/s") || self.rest().starts_with("/min") || self.rest().starts_with("/h") {
            self.at += 1;
            self.skip(char::is_alphabetic);
        }
        let written = &self.text[start..self.at];
        if let Some(number) = decimal(written) {
            self.push(Token::Number(number), start);
            return;
        }
        // With letters at its end it is a quantity that lacks its quotes, else anything.
        self.out.guessed |= !written.ends_with(char::is_alphabetic);
        let span = self.span(start);
        let what = Diagnostic::error("E0106", format!("`{written}` is not a number"));
        self.report(what.at(span, format!("if it has a unit, write it in quotes: \"{written}\"")));
        self.push(Token::Text(written.to_owned()), start);
    }
}

fn begins_a_word(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn punctuation(character: char) -> Token {
    match character {
        '(' => Token::Open(Bracket::Round),
        ')' => Token::Close(Bracket::Round),
        '[' => Token::Open(Bracket::Square),
        ']' => Token::Close(Bracket::Square),
        '{' => Token::Open(Bracket::Curly),
        '}' => Token::Close(Bracket::Curly),
        ',' => Token::Comma,
        ':' => Token::Colon,
        _ => Token::Stray,
    }
}

/// The number in decimal, without `_` and leading `+`: `1_000`, `0xff`, `.5`, `1e6`. `None` if it is none.
pub(crate) fn decimal(written: &str) -> Option<String> {
    let plain = written.replace('_', "");
    let unsigned = plain.strip_prefix('+').unwrap_or(&plain);
    let (sign, digits) = unsigned.strip_prefix('-').map_or(("", unsigned), |digits| ("-", digits));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            let value = u128::from_str_radix(digits, radix).ok();
            return value.filter(|_| !digits.starts_with('+')).map(|value| format!("{sign}{value}"));
        }
    }
    let shaped =
        digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let starts = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    (shaped && starts && digits.parse::<f64>().is_ok()).then(|| format!("{sign}{digits}"))
}

#[cfg(test)]
mod tests {
    use crate::document::{compact, parse};

    #[test]
    fn a_raw_name_is_a_name_and_a_raw_text_a_text() {
        let read = |text: &str| compact(&parse(text, 0).root.unwrap());
        assert_eq!(read("Constant(jitter: r#None)"), "Constant(jitter: None)");
        assert_eq!(read("[r\"a\", r#\"b\"#]"), "[\"a\", \"b\"]");
    }
}
