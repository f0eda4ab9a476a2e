//! The charts and the report as files: the same data give the same bytes, whatever the data, and all text can be read.

mod odd;
#[path = "../../examples/gallery/report.rs"]
mod report;
#[path = "../../examples/gallery/samples/mod.rs"]
mod samples;
mod text;

use experiments::report::html;
use odd::Odd;
use proptest::prelude::*;
use resvg::usvg::{Options, Tree};
use text::faults;

#[test]
fn the_same_data_give_the_same_bytes() {
    for ((name, once), (_, again)) in samples::all().iter().zip(samples::all()) {
        assert_eq!(once.draw().unwrap(), again.draw().unwrap(), "{name}");
        assert_eq!(once.csv(), again.csv(), "{name}");
    }
    let png = || samples::all().remove(0).1.draw().unwrap().png().unwrap();
    assert_eq!(png(), png());
}

#[test]
fn no_text_is_cut_off_or_hidden_by_other_text() {
    for (name, chart) in samples::all() {
        assert_eq!(faults(&chart.draw().unwrap()), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn names_from_users_stay_text() {
    for (name, chart) in samples::all() {
        let svg = chart.draw().unwrap().svg;
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{name}");
    }
    let svg = samples::all().remove(1).1.draw().unwrap().svg;
    assert!(svg.contains("&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;"));
    assert!(
        svg.contains("<title>an_arm_whose_name_somebody_made_much_too_long_to_be_read_in_any_legend_at_all")
    );
}

#[test]
fn tables_have_one_header_and_all_rows() {
    let csv = samples::all().remove(0).1.csv();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("arm,x,y,low,high,unstable,note"));
    assert_eq!(lines.next(), Some("least_outstanding,0.5,0.104,0.1035,0.1045,false,"));
    assert!(csv.contains("round_robin,0.6,,,,true,\"unstable, +16/s\""));
    assert_eq!(csv.lines().count(), 1 + 6 * 6);
}

#[test]
fn nothing_to_show_is_no_picture() {
    for chart in Odd::default().charts() {
        assert_eq!(chart.draw(), None);
        assert_eq!(chart.csv().lines().count(), 1);
    }
}

#[test]
fn a_report_of_all_charts_is_small_and_always_the_same() {
    let page = html(&report::report());
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert_eq!(page, html(&report::report()));
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert_eq!(page.matches("<svg").count(), samples::all().len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn odd_data_neither_panic_nor_break_the_file(odd in odd::odd()) {
        for chart in odd.charts() {
            chart.csv();
            if let Some(picture) = chart.draw() {
                prop_assert!(Tree::from_str(&picture.svg, &Options::default()).is_ok());
            }
        }
    }

    #[test]
    fn plain_data_of_any_size_leave_all_text_legible(plain in odd::plain()) {
        for (kind, chart) in plain.charts().iter().enumerate() {
            if let Some(picture) = chart.draw() {
                prop_assert_eq!(faults(&picture), Vec::<String>::new(), "kind {}", kind);
            }
        }
    }
}
