//! Choices by old news: loads are read from a board that all arrivals see and that is written anew at times.
//!
//! Mitzenmacher, *How Useful Is Old Information?*, IEEE TPDS 2000: between two writings each of infinitely many
//! stations gets Poisson arrivals at a rate that its posted load decides, and is an M/M/1 that starts from it.

/// Stations with so many customers or more are taken to have as many.
const MOST: usize = 60;
/// Steps of the differential equations in a mean service.
const STEPS: f64 = 40.0;

/// The mean time in the system, in mean services, if each customer joins the station whose posted load is the
/// least of `choices` drawn at random, and the board is written `every` so many mean services.
/// For loads up to 0.9, and boards after which lines stay well below 60. `None` unless `load` is below 1.
pub fn shortest_by_board(choices: u32, load: f64, every: f64) -> Option<f64> {
    if !(load > 0.0 && load < 1.0 && choices > 0 && every > 0.0) {
        return None;
    }
    let steps = (every * STEPS).max(4.0) as u32;
    let mut posted = vec![0.0; MOST];
    posted[0] = 1.0;
    let mut time = f64::INFINITY;
    // From an empty system upwards; a period changes little once lines have settled.
    loop {
        let (next, number) = period(&posted, choices, load, every, steps);
        let before = std::mem::replace(&mut time, number / load);
        let moved: f64 = posted.iter().zip(&next).map(|(old, new)| (old - new).abs()).sum();
        posted = next;
        if moved < 1e-7 * every && (time - before).abs() < 1e-7 * every {
            return Some(time);
        }
    }
}

/// One period from a board: the loads at its end, and the mean number of customers at a station through it.
fn period(posted: &[f64], choices: u32, load: f64, every: f64, steps: u32) -> (Vec<f64>, f64) {
    let (mut ends, mut number) = (vec![0.0; MOST], 0.0);
    // The share of stations with this posted load or more.
    let mut share = posted.iter().sum::<f64>();
    for (start, weight) in posted.iter().enumerate().filter(|(_, weight)| **weight > 1e-14) {
        let above = (share - weight).max(0.0);
        let d = f64::from(choices);
        let rate = load * (libm::pow(share, d) - libm::pow(above, d)) / weight;
        share = above;
        let (end, mean) = station(start, rate, every, steps);
        number += weight * mean;
        for (sum, part) in ends.iter_mut().zip(end) {
            *sum += weight * part;
        }
    }
    (ends, number)
}

/// An M/M/1 with `start` customers after a period: how many then, and on average through it.
fn station(start: usize, rate: f64, every: f64, steps: u32) -> ([f64; MOST], f64) {
    let mut chances = [0.0; MOST];
    chances[start] = 1.0;
    let step = every / f64::from(steps);
    let mean = |chances: &[f64; MOST]| chances.iter().enumerate().map(|(n, p)| n as f64 * p).sum::<f64>();
    let mut area = 0.0;
    for _ in 0..steps {
        let before = mean(&chances);
        chances = advanced(&chances, rate, step);
        area += f64::midpoint(before, mean(&chances));
    }
    (chances, area / f64::from(steps))
}

/// The chances a step later, by their Taylor series up to the fourth order.
fn advanced(chances: &[f64; MOST], rate: f64, step: f64) -> [f64; MOST] {
    let (mut sum, mut term) = (*chances, *chances);
    for order in 1..=4 {
        let mut next = [0.0; MOST];
        for n in 0..MOST {
            let up = if n + 1 < MOST { rate * term[n] } else { 0.0 };
            let down = if n > 0 { term[n] } else { 0.0 };
            next[n] -= up + down;
            if n + 1 < MOST {
                next[n + 1] += up;
            }
            if n > 0 {
                next[n - 1] += down;
            }
        }
        for (value, total) in next.iter_mut().zip(&mut sum) {
            *value *= step / f64::from(order);
            *total += *value;
        }
        term = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::theory::many_choices::shortest_of;

    #[test]
    fn fresh_news_is_the_supermarket_and_one_choice_needs_none() {
        let fresh = shortest_by_board(2, 0.7, 0.02).unwrap();
        assert!((fresh / shortest_of(2, 0.7).unwrap() - 1.0).abs() < 0.01, "{fresh}");
        let random = shortest_by_board(1, 0.5, 1.0).unwrap();
        assert!((random - 2.0).abs() < 1e-4, "{random}");
        assert_eq!(shortest_by_board(2, 1.0, 1.0), None);
    }

    #[test]
    fn news_is_worth_less_the_older_it_is() {
        let times = [0.1, 1.0, 5.0].map(|every| shortest_by_board(2, 0.8, every).unwrap());
        for (found, expected) in times.into_iter().zip([1.978_423, 2.221_402, 3.018_768]) {
            assert!((found - expected).abs() < 1e-4, "{times:?}");
        }
    }
}
