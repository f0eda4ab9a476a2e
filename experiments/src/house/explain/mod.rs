//! What a name means: every page that `stampede explain` can show of it.

mod metric;
mod page;
mod words;

use super::{
    catalogue::{
        self, Book,
        types::{Field, Form, Type},
    },
    templates,
};
use crate::{cli::Catalogue, codes, document::nearest};

/// Names offered for one that is not known.
const MOST_SIMILAR: usize = 3;

/// All that goes by this name, whatever its case; none if nothing does.
pub(super) fn explain(name: &str) -> Option<String> {
    if let Some(code) = codes::find(name) {
        return Some(code.to_string());
    }
    let book = catalogue::book();
    let mut pages: Vec<String> =
        book.all().filter(|found| same(found.name, name)).map(|found| page::of(&found)).collect();
    pages.extend(details(&book, name));
    pages.extend(by_path(&book, name));
    pages.extend(metric::page(name));
    pages.extend(template(name));
    if pages.is_empty() {
        pages.extend(by_field(&book, name));
    }
    (!pages.is_empty()).then(|| pages.join("\n----\n\n"))
}

fn same(known: &str, name: &str) -> bool {
    known.eq_ignore_ascii_case(name)
}

/// Names of choices that are details of something listed: `ByCapacity`, `DropOldest`.
fn details(book: &Book, name: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for of in book.types.all().filter(|of| book.topic_of(*of).is_none()) {
        if let Form::Choice(variants) = of.form() {
            let named = variants.iter().filter(|variant| variant.name.is_some_and(|known| same(known, name)));
            pages.extend(named.map(|variant| page::detail(book, of, variant)));
        }
    }
    // A distribution of sizes reads like one of times.
    pages.dedup();
    pages.retain(|page| !page.is_empty());
    pages
}

/// A field by the way to it: `ServerPool.queue`, `LoadBalancer.retry.max_attempts`.
fn by_path(book: &Book, path: &str) -> Vec<String> {
    let Some((start, rest)) = path.split_once('.') else { return Vec::new() };
    let starts = book.all().filter(|found| same(found.name, start));
    let pages = starts.filter_map(|found| {
        let (mut at, mut end) = (found.name.to_owned(), None);
        let mut fields = found.fields();
        for name in rest.split('.') {
            let field = fields.into_iter().find(|field| same(field.name, name))?;
            at = format!("{at}.{}", field.name);
            fields = within(field.of);
            end = Some(field);
        }
        end.map(|field| page::field(book, &at, &field))
    });
    pages.collect()
}

/// The fields to be named next on a way: through ids, lists and the names of choices.
fn within(of: Type<'_>) -> Vec<Field<'_>> {
    match of.form() {
        Form::Group(fields) => fields,
        Form::Optional(of) | Form::Map(of, _) | Form::List(of) => within(of),
        Form::Choice(variants) => {
            variants.into_iter().filter_map(|variant| variant.holds).flat_map(within).collect()
        }
        Form::Tuple(_)
        | Form::Quantity(_)
        | Form::Text
        | Form::Character
        | Form::Whole
        | Form::Number
        | Form::Bool => Vec::new(),
    }
}

/// Every field of this name, of whatever has one.
fn by_field(book: &Book, name: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for found in book.all() {
        let fields = found.fields().into_iter().filter(|field| same(field.name, name));
        pages
            .extend(fields.map(|field| page::field(book, &format!("{}.{}", found.name, field.name), &field)));
    }
    pages
}

fn template(name: &str) -> Option<String> {
    let template = templates::all().into_iter().find(|template| same(&template.name, name))?;
    Some(format!(
        "{0}: a template\n\n{1}\n\nWrite it with: stampede init {0} -o my.ron\n",
        template.name, template.summary
    ))
}

/// Names like this one, the nearest first.
pub(super) fn similar(name: &str) -> Vec<String> {
    let mut known = names();
    known.retain(|known| name.contains('.') || !known.contains('.'));
    let mut found = Vec::new();
    while found.len() < MOST_SIMILAR {
        let Some(next) = nearest(name, known.iter().map(String::as_str)).map(str::to_owned) else { break };
        known.retain(|name| *name != next);
        found.push(next);
    }
    found
}

/// Every name that can be explained and mistyped.
fn names() -> Vec<String> {
    let listed = [Catalogue::Metrics, Catalogue::Templates];
    let mut names: Vec<String> =
        listed.into_iter().flat_map(catalogue::entries).map(|entry| entry.name).collect();
    let book = catalogue::book();
    for found in book.all() {
        names.push(found.name.to_owned());
        names.extend(found.fields().iter().map(|field| format!("{}.{}", found.name, field.name)));
        names.extend(found.fields().iter().map(|field| field.name.to_owned()));
    }
    names.extend(codes::CODES.iter().map(|code| code.code.to_owned()));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests;
