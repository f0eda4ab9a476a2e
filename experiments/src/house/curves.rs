//! Curves that theory draws beside what is measured: what a cache of each size would hold if requests did not depend on
//! those before (Che, Tung & Wang 2002).

use models::spec::{ComponentSpec, KeyLayout, SystemSpec};
use sim_core::{
    random::keys::KeysSpec,
    statistics::theory::reference_model::{Replacement, hit_ratio, zipf},
};

use crate::{plan::Plan, study::Curve};

/// Sizes at which a curve is drawn.
const POINTS: u32 = 24;
/// Keys beyond which a curve takes too long to be worth it.
const MOST_KEYS: u64 = 200_000;

/// The curves of a plan: one for each cache whose size is swept and whose requests come from one workload alone.
pub(super) fn of(plan: &Plan) -> Vec<Curve> {
    let Some(system) = plan.cells.first().map(|cell| &cell.system) else { return Vec::new() };
    plan.axes.iter().filter_map(|axis| curve(system, &axis.path, &axis.values)).collect()
}

fn curve(system: &SystemSpec, path: &str, values: &[String]) -> Option<Curve> {
    let id = path.strip_suffix(".capacity")?;
    let Some(ComponentSpec::Cache(cache)) = system.components.get(id) else { return None };
    let popularity = popularity(system, id)?;
    let sizes: Vec<u64> = values.iter().filter_map(|value| value.parse().ok()).collect();
    let (least, most) = (*sizes.iter().min()?, *sizes.iter().max()?);
    let servers = u64::from(cache.spec.servers);
    let point = |step: u32| {
        let part = f64::from(step) / f64::from(POINTS - 1);
        let size = least as f64 * libm::pow(most as f64 / least as f64, part);
        let held = (size as u64).saturating_mul(servers) as usize;
        (size, 1.0 - hit_ratio(&popularity, held, Replacement::LeastRecentlyUsed))
    };
    Some(Curve {
        axis: path.to_owned(),
        figure: format!("{id}.hit_ratio.mean"),
        label: "LRU by Che's approximation".into(),
        points: (0..POINTS).map(point).collect(),
    })
}

/// How popular each key is that a cache is asked for, if one law says so.
fn popularity(system: &SystemSpec, id: &str) -> Option<Vec<f64>> {
    let callers = system.workloads.values().map(|workload| workload.common());
    let mut asking = callers.filter(|workload| {
        workload.target == id || system.form(workload.target).is_some_and(|form| form.looks_into(id))
    });
    let (workload, None) = (asking.next()?, asking.next()) else { return None };
    let own =
        workload.requests.values().any(|request| request.keys.is_some() || request.key_layout.is_some());
    let still = matches!(workload.key_layout, KeyLayout::Ranked | KeyLayout::Scattered);
    if own || !still {
        return None;
    }
    match workload.keys? {
        KeysSpec::Zipf(law) if law.items <= MOST_KEYS => Some(zipf(law.items as usize, law.exponent)),
        KeysSpec::Uniform(law) if law.items <= MOST_KEYS => {
            Some(vec![1.0 / law.items as f64; law.items as usize])
        }
        KeysSpec::Zipf(_) | KeysSpec::Uniform(_) | KeysSpec::HotSet(_) | KeysSpec::Empirical(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn a_curve_is_drawn_where_the_size_of_a_cache_is_swept() {
        let text = r#"(
            name: "c", question: "q",
            workloads: { "users": OpenLoop(target: "cache", keys: Zipf(items: 1000, exponent: 1.0)) },
            components: { "cache": Cache(source: "db"), "db": ServerPool() },
            sweep: { "cache.capacity": [10, 100, 1000] },
            run: (replications: 2, horizon: Terminating(end: "1s")),
        )"#;
        let plan: Plan = load::load_text("c.ron", text, &load::Overrides::default()).unwrap();
        let curves = of(&plan);
        assert_eq!((curves.len(), curves[0].figure.as_str()), (1, "cache.hit_ratio.mean"));
        let (first, last) = (curves[0].points[0], curves[0].points[POINTS as usize - 1]);
        assert_eq!((first.0.round(), last.0.round()), (10.0, 1000.0));
        assert!(first.1 > 0.7 && last.1 < 1e-9, "{first:?} {last:?}");
    }
}
