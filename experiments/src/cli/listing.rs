//! A table in whatever format the user wants.

use std::collections::BTreeMap;

use super::{console::Console, options::Format};
use crate::output::{
    pretty,
    terminal::{Lean, columns},
};

/// Rows under named columns.
pub(super) struct Listing {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    numbers: Vec<usize>,
}

impl Listing {
    pub(super) fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new(), numbers: Vec::new() }
    }

    /// These columns hold numbers and lean right.
    pub(super) fn with_numbers(mut self, columns: &[usize]) -> Self {
        self.numbers = columns.to_vec();
        self
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn print(&self, console: &Console) {
        let text = match console.format {
            Format::Human => console.look.finish(self.human()),
            Format::Markdown => self.markdown(),
            Format::Json => pretty(&serde_json::json!(self.objects())),
            Format::Jsonl => {
                self.objects().iter().map(|object| serde_json::json!(object).to_string() + "\n").collect()
            }
            Format::Quiet => String::new(),
        };
        console.print(&text);
    }

    fn human(&self) -> String {
        let rows: Vec<Vec<String>> =
            std::iter::once(self.header.clone()).chain(self.rows.iter().cloned()).collect();
        let lean = |_, column| if self.numbers.contains(&column) { Lean::Right } else { Lean::Left };
        columns(&rows, lean, 0)
    }

    fn markdown(&self) -> String {
        let line = |fields: Vec<String>| format!("| {} |\n", fields.join(" | "));
        let rule =
            (0..self.header.len()).map(|column| if self.numbers.contains(&column) { "---:" } else { "---" });
        let body =
            self.rows.iter().map(|row| line(row.iter().map(|field| field.replace('|', "\\|")).collect()));
        let head = line(self.header.clone()) + &line(rule.map(str::to_owned).collect());
        head + &body.collect::<String>()
    }

    fn objects(&self) -> Vec<BTreeMap<&str, String>> {
        let plain = |field: &String| anstream::adapter::strip_str(field).to_string();
        let object =
            |row: &Vec<String>| self.header.iter().map(String::as_str).zip(row.iter().map(plain)).collect();
        self.rows.iter().map(object).collect()
    }
}
