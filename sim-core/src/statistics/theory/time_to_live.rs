//! Items that are held for a time, with room for all of them, if each is wanted at its own constant rate (Poisson).

/// What an item's time counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedFrom {
    /// From when it was fetched, however often it is wanted meanwhile.
    Fetch,
    /// From when it was last wanted.
    LastUse,
}

/// The chance that an item is there when wanted, which is also the share of time it is there (Poisson arrivals see time
/// averages): λT/(1+λT) if its time counts from the fetch, as T of every T + 1/λ; 1 − e^{−λT} if from the last use, as
/// gaps shorter than T. Jung, Berger & Balakrishnan, *Modeling TTL-based Internet Caches*, INFOCOM 2003.
pub fn hit_ratio(rate: f64, time: f64, from: CountedFrom) -> f64 {
    let wanted = rate * time;
    match from {
        CountedFrom::Fetch => wanted / (1.0 + wanted),
        CountedFrom::LastUse => -libm::expm1(-wanted),
    }
}

/// The same for all references together, if item i gets the share `popularity[i]` of so many a unit of time.
pub fn hit_ratio_of_all(popularity: &[f64], rate: f64, time: f64, from: CountedFrom) -> f64 {
    popularity.iter().map(|&share| share * hit_ratio(share * rate, time, from)).sum()
}

/// How many items are held on average.
pub fn mean_held(popularity: &[f64], rate: f64, time: f64, from: CountedFrom) -> f64 {
    popularity.iter().map(|&share| hit_ratio(share * rate, time, from)).sum()
}

#[cfg(test)]
mod tests {
    use super::{CountedFrom::*, *};
    use crate::statistics::theory::reference_model::zipf;

    #[test]
    fn one_item() {
        for (wanted, fetch, last_use) in [
            (0.1, 0.090_909, 0.095_163),
            (0.5, 0.333_333, 0.393_469),
            (1.0, 0.5, 0.632_121),
            (2.0, 0.666_667, 0.864_665),
            (10.0, 0.909_091, 0.999_955),
        ] {
            assert!((hit_ratio(wanted, 1.0, Fetch) - fetch).abs() < 1e-6);
            assert!((hit_ratio(1.0, wanted, LastUse) - last_use).abs() < 1e-6);
        }
    }

    #[test]
    fn zipf_over_a_thousand_items() {
        let popularity = zipf(1000, 1.0);
        for (time, fetch, held, last_use) in [
            (1.0, 0.426_575, 57.34, 0.498_743),
            (10.0, 0.714_773, 285.23, 0.790_869),
            (60.0, 0.891_856, 648.86, 0.958_593),
        ] {
            assert!((hit_ratio_of_all(&popularity, 100.0, time, Fetch) - fetch).abs() < 1e-6);
            assert!((mean_held(&popularity, 100.0, time, Fetch) - held).abs() < 0.01);
            assert!((hit_ratio_of_all(&popularity, 100.0, time, LastUse) - last_use).abs() < 1e-6);
        }
    }
}
