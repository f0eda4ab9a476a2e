//! Escaping: names come from users, and a name may hold anything.

use super::font;
use std::fmt::Write;

/// `text` as it may stand in an element or in a quoted attribute of XML or HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Adds ` name="value"`, escaped and on one line.
pub(super) fn attribute(tag: &mut String, name: &str, value: &str) {
    // Writing into a string cannot fail.
    let _ = write!(tag, " {name}=\"{}\"", escape(&font::clean(value)));
}

/// Adds a tooltip, which browsers show and screen readers read.
pub(super) fn tooltip(element: &mut String, text: &str) {
    let _ = write!(element, "<title>{}</title>", escape(&font::clean(text)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("<script>a&b</script>"), "&lt;script&gt;a&amp;b&lt;/script&gt;");
        let mut tag = String::new();
        attribute(&mut tag, "data-label", "x\" onload='y'\u{0}\n");
        assert_eq!(tag, " data-label=\"x&quot; onload=&#39;y&#39;  \"");
    }
}
