//! How axes and their values are shown to people: short labels, plain numbers, no quotes.

use super::{Axis, Study};

/// Last parts of paths that say nothing by themselves; `clients.load.fraction` is a load.
const BARE: [&str; 4] = ["fraction", "rate", "value", "mean"];

/// Last parts that read as another word when they stand alone ("at every every"): shown with what they belong to.
const DEPENDENT: [&str; 5] = ["every", "of", "at", "to", "from"];

impl Study {
    /// A short label for each axis, the full path where two would be alike.
    pub fn axis_labels(&self) -> Vec<String> {
        let short: Vec<&str> = self.axes.iter().map(|axis| short_label(&axis.path)).collect();
        let alike = |label: &&str| short.iter().filter(|other| *other == label).count() > 1;
        let label = |(axis, label): (&Axis, &&str)| {
            if alike(label) { axis.path.clone() } else { (*label).to_owned() }
        };
        self.axes.iter().zip(&short).map(label).collect()
    }

    /// A point's values as people read them; all numbers of an axis with the same decimals.
    pub fn shown_point(&self, point: &[String]) -> Vec<String> {
        point.iter().zip(&self.axes).map(|(value, axis)| shown_value(value, &axis.values)).collect()
    }

    /// `0.95`, `0.95, 5s`; nothing without a sweep.
    pub fn shown_point_text(&self, point: &[String]) -> String {
        self.shown_point(point).join(", ")
    }
}

fn short_label(path: &str) -> &str {
    let mut parts = path.rsplit('.');
    let last = parts.next().unwrap_or(path);
    match parts.next() {
        Some(before) if BARE.contains(&last) => before,
        Some(before) if DEPENDENT.contains(&last) => &path[path.len() - before.len() - 1 - last.len()..],
        Some(_) | None => last,
    }
}

/// What each value of an axis is one of: `load`, but `number of shards`.
pub fn one_of(label: &str) -> String {
    let is_plural = label.ends_with('s') && !["ss", "us", "is", "as"].iter().any(|end| label.ends_with(end));
    if is_plural { format!("number of {label}") } else { label.to_owned() }
}

/// A value without what only the file needs: `5s` of `"5s"`, `700/s` of `Rate("700/s")`.
pub fn bare(value: &str) -> &str {
    let rate = value.strip_prefix("Rate(").and_then(|rest| rest.strip_suffix(')'));
    rate.unwrap_or(value).trim_matches('"')
}

fn shown_value(value: &str, siblings: &[String]) -> String {
    let Ok(number) = value.parse::<f64>() else { return bare(value).to_owned() };
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let numbers = siblings.iter().filter(|sibling| sibling.parse::<f64>().is_ok());
    let most = numbers.map(|sibling| decimals(sibling)).chain([decimals(value)]).max().unwrap_or(0);
    if value.contains(['e', 'E']) { value.to_owned() } else { format!("{number:.most$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(axes: &[(&str, &[&str])]) -> Study {
        let axis = |(path, values): &(&str, &[&str])| Axis {
            path: (*path).to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        Study { axes: axes.iter().map(axis).collect(), ..Study::default() }
    }

    #[test]
    fn values_are_told_by_what_each_is_one_of() {
        let told = ["load", "copies", "bias", "dns_ttl"].map(one_of);
        assert_eq!(told, ["load", "number of copies", "bias", "dns_ttl"]);
    }

    #[test]
    fn labels_are_short_and_distinct() {
        assert_eq!(
            study(&[("clients.load.fraction", &[]), ("lb.dns_ttl", &[])]).axis_labels(),
            ["load", "dns_ttl"]
        );
        assert_eq!(
            study(&[("lb.view.every", &[]), ("lb.instances", &[])]).axis_labels(),
            ["view.every", "instances"]
        );
        assert_eq!(
            study(&[("a.capacity", &[]), ("b.capacity", &[])]).axis_labels(),
            ["a.capacity", "b.capacity"]
        );
    }

    #[test]
    fn numbers_of_an_axis_share_their_decimals() {
        let study =
            study(&[("clients.load.fraction", &["0.5", "0.95"]), ("lb.dns_ttl", &["\"5s\"", "\"30s\""])]);
        assert_eq!(study.shown_point_text(&["0.5".into(), "\"5s\"".into()]), "0.50, 5s");
        assert_eq!(bare("Rate(\"700/s\")"), "700/s");
    }
}
