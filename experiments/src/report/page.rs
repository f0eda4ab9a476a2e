//! The page: header, notices, results, checks, the experiment itself.

use super::data::{Check, Chip, Link, Notice, ReportData, Section, Severity};
use super::html::{class, figure, link, list, paragraphs, symbol, table, text};
use crate::charts::dark_rules;
use crate::charts::xml::escape;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Forbids every request to anywhere: the file must be all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// The whole report as one HTML file.
pub fn html(report: &ReportData) -> String {
    let parts = [
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n".to_owned(),
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n".to_owned(),
        format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"),
        "<meta name=\"color-scheme\" content=\"light dark\">\n".to_owned(),
        text("title", &report.title),
        format!(
            "<style>\n{STYLE}@media screen and (prefers-color-scheme: dark) {{\n{}}}\n</style>\n",
            dark_rules()
        ),
        "</head>\n<body>\n<a class=\"skip\" href=\"#results\">Skip to the results</a>\n".to_owned(),
        header(report),
        format!("<main id=\"results\">\n{}{}</main>\n", notices(&report.notices), sections(report)),
        footer(report),
        format!("<script>\n{SCRIPT}</script>\n</body>\n</html>\n"),
    ];
    parts.concat()
}

fn header(report: &ReportData) -> String {
    let chips = list("chips", report.verdicts.iter().map(chip));
    format!(
        "<header>\n{}<p class=\"question\">{}</p>\n<div class=\"answer\">\n{}</div>\n{chips}{}{}</header>\n",
        text("h1", &report.title),
        escape(&report.question),
        paragraphs(&report.answer),
        provenance(report),
        contents(report)
    )
}

fn chip(chip: &Chip) -> String {
    format!("<li class=\"{}\">{}{}</li>\n", class(chip.verdict), symbol(chip.verdict), escape(&chip.text))
}

fn provenance(report: &ReportData) -> String {
    let facts = &report.provenance;
    let seed = facts.seed.to_string();
    let named = [("seed", &seed), ("version", &facts.version), ("experiment", &facts.hash)];
    let more = facts.more.iter().map(|(name, value)| (name.as_str(), value));
    let known = named.into_iter().chain(more).filter(|(_, value)| !value.is_empty());
    let fact = |(name, value): (&str, &String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
    };
    let pairs: Vec<String> = known.map(fact).collect();
    let command = if facts.command.is_empty() { String::new() } else { command(&facts.command) };
    format!("<dl class=\"facts\">\n{}</dl>\n{command}", pairs.concat())
}

fn command(command: &str) -> String {
    format!(
        "<div class=\"command\"><span>The same again:</span> <code id=\"command\">{}</code></div>\n",
        escape(command)
    )
}

/// The sections that are shown, numbered from 1.
fn shown(report: &ReportData) -> impl Iterator<Item = (usize, &Section)> {
    (1..).zip(report.sections.iter().filter(|section| !section.is_empty()))
}

fn contents(report: &ReportData) -> String {
    let own = [
        (!report.checks.is_empty(), "checks", "Self-checks"),
        (!report.experiment.is_empty(), "experiment", "The experiment"),
        (!report.downloads.is_empty(), "files", "Files"),
    ];
    let sections =
        shown(report).map(|(number, section)| (format!("section-{number}"), section.heading.clone()));
    let own = own.into_iter().filter(|(present, ..)| *present);
    let own = own.map(|(_, id, heading)| (id.to_owned(), heading.to_owned()));
    let items = sections
        .chain(own)
        .map(|(id, heading)| format!("<li><a href=\"#{id}\">{}</a></li>\n", escape(&heading)));
    format!("<nav aria-label=\"Contents\">\n{}</nav>\n", list("contents", items))
}

fn notices(notices: &[Notice]) -> String {
    let item = |notice: &Notice| {
        let (class, word) = match notice.severity {
            Severity::Note => ("note", "Note"),
            Severity::Warning => ("warning", "Warning"),
            Severity::Error => ("error", "Error"),
        };
        format!("<li class=\"{class}\"><strong>{word}.</strong> {}</li>\n", escape(&notice.text))
    };
    list("notices", notices.iter().map(item))
}

fn sections(report: &ReportData) -> String {
    shown(report).map(|(number, shown)| section(number, shown)).collect()
}

fn section(number: usize, section: &Section) -> String {
    format!(
        "<section id=\"section-{number}\">\n{}{}{}{}{}</section>\n",
        text("h2", &section.heading),
        paragraphs(&section.explanation),
        section.figures.iter().map(figure).collect::<String>(),
        section.tables.iter().map(table).collect::<String>(),
        links(&section.links)
    )
}

/// A list of files; nothing if there are none.
fn links(links: &[Link]) -> String {
    if links.is_empty() {
        return String::new();
    }
    list("downloads", links.iter().map(|file| format!("<li>{}</li>\n", link(file))))
}

fn footer(report: &ReportData) -> String {
    let downloads =
        list("downloads", report.downloads.iter().map(|file| format!("<li>{}</li>\n", link(file))));
    let parts = [
        titled("checks", "Self-checks", &list("checks", report.checks.iter().map(check))),
        titled("experiment", "The experiment, every default written out", &listing(&report.experiment)),
        titled("files", "Files", &downloads),
    ];
    format!("<footer>\n{}</footer>\n", parts.concat())
}

fn check(check: &Check) -> String {
    format!(
        "<li class=\"{}\">{}<strong>{}</strong> {}</li>\n",
        class(check.verdict),
        symbol(check.verdict),
        escape(&check.name),
        escape(&check.detail)
    )
}

fn listing(experiment: &str) -> String {
    if experiment.is_empty() {
        return String::new();
    }
    format!(
        "<details>\n<summary>{} lines</summary>\n<pre tabindex=\"0\">{}</pre>\n</details>\n",
        experiment.lines().count(),
        escape(experiment)
    )
}

/// A section of the page's own; nothing if it is empty.
fn titled(id: &str, heading: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section id=\"{id}\">\n{}{content}</section>\n", text("h2", heading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{Picture, Verdict};
    use crate::report::{Figure, Link, Provenance};

    /// A report in which every text is an attack.
    fn hostile() -> ReportData {
        let evil = || "<script>alert('x')</script>\"&".to_owned();
        let picture = Picture { svg: "<svg></svg>".into(), alt: evil(), width: 10, height: 10 };
        let figure = Figure { picture, links: vec![Link { label: evil(), path: evil() }] };
        ReportData {
            title: evil(),
            question: evil(),
            answer: vec![evil()],
            verdicts: vec![Chip { verdict: Verdict::Fail, text: evil() }],
            provenance: Provenance {
                seed: 1,
                version: evil(),
                hash: evil(),
                command: evil(),
                more: vec![(evil(), evil())],
            },
            notices: vec![Notice { severity: Severity::Warning, text: evil() }],
            sections: vec![Section {
                heading: evil(),
                explanation: vec![evil()],
                figures: vec![figure],
                tables: vec![],
                links: vec![Link { label: evil(), path: evil() }],
            }],
            checks: vec![Check { name: evil(), verdict: Verdict::Pass, detail: evil() }],
            experiment: evil(),
            downloads: vec![Link { label: evil(), path: evil() }],
        }
    }

    #[test]
    fn text_from_users_never_becomes_markup() {
        let page = html(&hostile());
        assert_eq!(page.matches("<script").count(), 1, "only the page's own");
        assert_eq!(page.matches("alert(").count(), page.matches("&lt;script&gt;alert(").count());
    }

    #[test]
    fn what_has_no_data_does_not_appear() {
        let empty = html(&ReportData {
            sections: vec![Section { heading: "Nothing here".into(), ..Section::default() }],
            ..ReportData::default()
        });
        for absent in ["Nothing here", "Self-checks", "The experiment", "class=\"chips\"", "<figure"] {
            assert!(!empty.contains(absent), "{absent}");
        }
        let full = html(&hostile());
        assert!(full.contains("<li><a href=\"#section-1\">") && full.contains("<section id=\"section-1\">"));
    }

    #[test]
    fn the_page_asks_the_network_for_nothing() {
        let page = html(&hostile());
        for request in ["src=", "@import", "url(", "https://", "<link", "fetch("] {
            assert!(!page.contains(request), "{request}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}
