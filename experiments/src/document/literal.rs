//! Texts and characters in quotes, with their escapes.

use super::token::{Lexer, Token};
use crate::diagnostic::Diagnostic;

impl Lexer<'_> {
    /// `"text"` on one line.
    pub(super) fn quoted(&mut self) {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => text.extend(self.escape()),
                None | Some('\n' | '\r') => {
                    self.unclosed(start, "\"");
                    break;
                }
                Some(character) => {
                    self.at += character.len_utf8();
                    text.push(character);
                }
            }
        }
        self.push(Token::Text(text), start);
    }

    fn unclosed(&mut self, start: usize, quote: &str) {
        let span = self.span(start);
        self.break_at(start);
        let what = Diagnostic::error("E0105", "a text is not closed on its line");
        self.report(
            what.at(span, format!("add `{quote}` at its end"))
                .help("write \\n for a line break inside a text"),
        );
    }

    /// One escape after a backslash; reports one that is unknown.
    fn escape(&mut self) -> Option<char> {
        let start = self.at;
        self.at += 1;
        let kind = self.peek().filter(|kind| !matches!(kind, '\n' | '\r'));
        self.at += kind.map_or(0, char::len_utf8);
        let character = match kind {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('0') => Some('\0'),
            Some(same @ ('\\' | '"' | '\'')) => Some(same),
            Some('x') => self.code_point(2),
            Some('u') => self.braced_code_point(),
            _ => None,
        };
        if character.is_none() {
            let span = self.span(start);
            let what = format!("unknown escape `{}`", &self.text[start..self.at]);
            let help = "known are \\n \\r \\t \\0 \\\\ \\\" \\' \\x41 \\u{e9}; a backslash itself is \\\\";
            self.report(Diagnostic::error("E0105", what).at(span, "").help(help));
        }
        character
    }

    /// Up to `most` hexadecimal digits as a character.
    fn code_point(&mut self, most: usize) -> Option<char> {
        let rest = self.rest();
        let length = rest.bytes().take(most).take_while(u8::is_ascii_hexdigit).count();
        self.at += length;
        u32::from_str_radix(&rest[..length], 16).ok().and_then(char::from_u32)
    }

    fn braced_code_point(&mut self) -> Option<char> {
        if self.peek() != Some('{') {
            return None;
        }
        self.at += 1;
        let character = self.code_point(6);
        if self.peek() != Some('}') {
            return None;
        }
        self.at += 1;
        character
    }

    /// `r"…"`, `r#"…"#`: no escapes, line breaks allowed. Anything else that starts with `r` is a name.
    pub(super) fn raw(&mut self) {
        let start = self.at;
        let hashes = self.rest()[1..].bytes().take_while(|byte| *byte == b'#').count();
        let body = start + 1 + hashes;
        if !self.text[body..].starts_with('"') {
            self.at += 1;
            self.push(Token::Word, start);
            return;
        }
        let closing = format!("\"{}", "#".repeat(hashes));
        let found = self.text[body + 1..].find(&closing);
        let end = found.map_or(self.text.len(), |length| body + 1 + length);
        self.at = found.map_or(end, |_| end + closing.len());
        if found.is_none() {
            self.unclosed(start, &closing);
        }
        self.push(Token::Text(self.text[body + 1..end].to_owned()), start);
    }

    pub(super) fn character(&mut self) {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some('\\') => self.escape(),
            Some('\'' | '\n' | '\r') | None => None,
            Some(character) => {
                self.at += character.len_utf8();
                Some(character)
            }
        };
        let alone = self.peek() == Some('\'');
        self.skip(|next| !matches!(next, '\'' | '\n' | '\r'));
        self.at += usize::from(self.peek() == Some('\''));
        if let Some(character) = character.filter(|_| alone) {
            self.push(Token::Character(character), start);
            return;
        }
        self.break_at(start);
        let span = self.span(start);
        let what = Diagnostic::error("E0105", "a single quote holds exactly one character");
        self.report(what.at(span, "texts stand in double quotes"));
        self.push(Token::Text(String::new()), start);
    }
}
