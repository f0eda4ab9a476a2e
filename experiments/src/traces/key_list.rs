//! A key on each line, as the traces published with LIRS: `*` separates rounds, empty lines are nothing.

use std::io::BufRead;

use super::{CacheRequest, Wrong, key_of};

pub(super) struct KeyList<R> {
    source: R,
    line: String,
    number: u64,
}

impl<R: BufRead> KeyList<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, line: String::new(), number: 0 }
    }
}

impl<R: BufRead> Iterator for KeyList<R> {
    type Item = Result<CacheRequest, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line.clear();
            self.number += 1;
            match self.source.read_line(&mut self.line) {
                Ok(0) => return None,
                Ok(_) => match self.line.trim() {
                    "" | "*" => {}
                    key => return Some(Ok(CacheRequest::of(key_of(key)))),
                },
                Err(error) => return Some(Err(Wrong::Read(format!("line {}", self.number), error))),
            }
        }
    }
}
