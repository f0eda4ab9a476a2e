//! Made-up data for every kind of chart, the plain case and the awkward ones.

mod lines;
mod servers;
mod systems;
mod verdicts;

use experiments::charts::Chart;

/// Names and charts.
pub(crate) fn all() -> Vec<(&'static str, Box<dyn Chart>)> {
    vec![
        ("hockey_stick", Box::new(lines::hockey_stick())),
        ("hockey_stick_24_arms", Box::new(lines::hockey_stick_24_arms())),
        ("hockey_stick_one_point", Box::new(lines::hockey_stick_one_point())),
        ("hockey_stick_gaps_and_zeros", Box::new(lines::hockey_stick_gaps_and_zeros())),
        ("goodput", Box::new(lines::goodput())),
        ("goodput_all_equal", Box::new(lines::goodput_all_equal())),
        ("distribution", Box::new(lines::distribution())),
        ("welch", Box::new(lines::welch())),
        ("precision", Box::new(lines::precision())),
        ("forest", Box::new(verdicts::forest())),
        ("time_series", Box::new(servers::time_series())),
        ("ribbon", Box::new(servers::ribbon(4))),
        ("ribbon_64_breakers", Box::new(servers::ribbon(64))),
        ("heat_map", Box::new(servers::heat_map(16))),
        ("heat_map_200_servers", Box::new(servers::heat_map(200))),
        ("server_bars", Box::new(servers::server_bars(16))),
        ("server_bars_150", Box::new(servers::server_bars(150))),
        ("slo_matrix", Box::new(verdicts::slo_matrix())),
        ("slo_matrix_wide", Box::new(verdicts::slo_matrix_wide())),
        ("waterfall", Box::new(lines::waterfall())),
        ("diagram", Box::new(systems::diagram())),
        ("diagram_small", Box::new(systems::diagram_small())),
        ("diagram_30", Box::new(systems::diagram_30())),
    ]
}

/// An arm's name and the shape of its curve.
type Shaped = (&'static str, fn(f64) -> f64);

const LOADS: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// The arms of a load-balancing study with p99 in milliseconds and half-widths at each load.
const P99: [(&str, [(f64, f64); 6]); 4] = [
    ("least_outstanding", [(104., 0.5), (104., 0.4), (104., 0.4), (104., 0.5), (106., 0.6), (111., 0.9)]),
    ("p2c_outstanding", [(105., 0.4), (105., 0.5), (106., 0.6), (108., 0.4), (113., 0.5), (123., 0.9)]),
    ("p2c_peak_ewma", [(102., 0.6), (102., 0.9), (104., 0.3), (107., 0.4), (114., 0.5), (124., 0.9)]),
    ("weighted_rr", [(104., 0.4), (105., 0.7), (108., 0.9), (120., 1.7), (171., 5.9), (292., 21.)]),
];
