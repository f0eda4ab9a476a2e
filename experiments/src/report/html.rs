//! Small pieces of HTML, all text in them escaped.

use super::data::{Column, Figure, Link, Side, Table};
use crate::charts::xml::escape;
use crate::charts::{Picture, Verdict};
use std::fmt::Write;

/// An element with escaped text: `<p>a &lt; b</p>`.
pub(super) fn text(tag: &str, text: &str) -> String {
    format!("<{tag}>{}</{tag}>\n", escape(text))
}

/// A paragraph for each text.
pub(super) fn paragraphs(texts: &[String]) -> String {
    texts.iter().map(|paragraph| text("p", paragraph)).collect()
}

/// A list with a class; items are HTML already. Nothing if there are none.
pub(super) fn list(class: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().collect();
    if items.is_empty() { items } else { format!("<ul class=\"{class}\">\n{items}</ul>\n") }
}

/// A verdict's symbol, with its word for those who do not see it.
pub(super) fn symbol(verdict: Verdict) -> String {
    format!(
        "<span class=\"symbol\" aria-hidden=\"true\">{}</span><span class=\"unseen\">{}: </span>",
        verdict.symbol(),
        verdict.word()
    )
}

/// The CSS class of a verdict.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "unsure",
    }
}

/// A link to a file beside the report.
pub(super) fn link(link: &Link) -> String {
    format!("<a href=\"./{}\">{}</a>", address(&link.path), escape(&link.label))
}

/// A relative path as a URL; names of arms may hold `#`, `?` or spaces.
fn address(path: &str) -> String {
    let mut address = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            other => {
                // Writing into a string cannot fail.
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    address
}

/// A chart with its read-out and its links.
pub(super) fn figure(figure: &Figure) -> String {
    let Figure { picture, links } = figure;
    let links: Vec<String> = links.iter().map(link).collect();
    let caption = if links.is_empty() { String::new() } else { format!("Files: {}", links.join(", ")) };
    format!(
        "<figure>\n<p class=\"said\" aria-hidden=\"true\">{}</p>\n{}<figcaption><output class=\"readout\"></output><span class=\"files\">{caption}</span>\
         </figcaption>\n</figure>\n",
        escape(&picture.alt),
        chart(picture)
    )
}

/// Pixels a chart has on a wide screen.
const PAGE_WIDTH: u32 = 900;

/// A chart that shrinks with the page, but not so far that its text cannot be read.
fn chart(picture: &Picture) -> String {
    let narrowest = picture.width * 7 / 10;
    // A chart wider than the page is scrolled by keyboard, too.
    let focus = if picture.width > PAGE_WIDTH { " tabindex=\"0\"" } else { "" };
    format!(
        "<div class=\"scroll\"{focus}><div class=\"sized\" style=\"min-width:{narrowest}px;max-width:{}px\">\n{}</div></div>\n",
        picture.width, picture.svg
    )
}

/// A table; nothing if it has no rows.
pub(super) fn table(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let head: String =
        table.columns.iter().map(|column| cell("th scope=\"col\"", "th", column, &column.title)).collect();
    let rows: String = table.rows.iter().map(|cells| row(&table.columns, cells)).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table>\n{}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        text("caption", &table.caption)
    )
}

fn row(columns: &[Column], cells: &[String]) -> String {
    let cells = columns.iter().enumerate().map(|(place, column)| {
        let text = cells.get(place).map_or("", String::as_str);
        // The first cell names its row.
        let (open, close) = if place == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
        cell(open, close, column, text)
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

fn cell(open: &str, close: &str, column: &Column, text: &str) -> String {
    let class = match column.side {
        Side::Left => "",
        Side::Right => " class=\"figures\"",
    };
    format!("<{open}{class}>{}</{close}>", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_paths_stay_inside_the_folder() {
        let path = "timeseries/a#1?<b> @0.95.csv";
        assert_eq!(address(path), "timeseries/a%231%3F%3Cb%3E%20%400.95.csv");
        let hostile = Link { label: "x".into(), path: "javascript:alert(1)".into() };
        assert_eq!(link(&hostile), "<a href=\"./javascript%3Aalert%281%29\">x</a>");
    }

    #[test]
    fn a_table_names_its_rows_and_aligns_its_figures() {
        let column = |title: &str, side| Column { title: title.into(), side };
        let html = table(&Table {
            caption: "p99".into(),
            columns: vec![column("arm", Side::Left), column("ms", Side::Right)],
            rows: vec![vec!["<a>".into(), "104".into()], vec!["short".into()]],
        });
        assert!(
            html.contains("<tr><th scope=\"row\">&lt;a&gt;</th><td class=\"figures\">104</td></tr>"),
            "{html}"
        );
        assert!(html.contains("<tr><th scope=\"row\">short</th><td class=\"figures\"></td></tr>"), "{html}");
    }
}
