//! Thinning: a line with very many points keeps the lowest and the highest of each few pixels.
//!
//! The eye sees the same picture, spikes included, and the file stays small.

use super::data::Point;

/// At most about two points for each of `buckets`, with every extreme kept.
pub(super) fn extremes(points: &[Point], buckets: usize) -> Vec<Point> {
    match bucket_size(points, buckets) {
        Some(size) => points.chunks(size).flat_map(lowest_and_highest).collect(),
        None => points.to_vec(),
    }
}

/// At most about one point for each of `buckets`, with an interval that holds all of the bucket's.
pub(super) fn intervals(points: &[Point], buckets: usize) -> Vec<Point> {
    match bucket_size(points, buckets) {
        Some(size) => points.chunks(size).filter_map(widest).collect(),
        None => points.to_vec(),
    }
}

/// Points in a bucket; `None` if the points are few enough as they are.
fn bucket_size(points: &[Point], buckets: usize) -> Option<usize> {
    let buckets = buckets.max(1);
    (points.len() > 2 * buckets).then(|| points.len().div_ceil(buckets))
}

/// The lowest and the highest point of a bucket, in their order; a bucket of gaps stays a gap.
fn lowest_and_highest(bucket: &[Point]) -> Vec<Point> {
    let shown = || bucket.iter().enumerate().filter_map(|(at, point)| Some((at, finite(point.y)?)));
    let by_value = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
    let extremes = [shown().min_by(by_value), shown().max_by(by_value)];
    let mut kept: Vec<usize> = extremes.into_iter().flatten().map(|(at, _)| at).collect();
    kept.sort_unstable();
    kept.dedup();
    if kept.is_empty() {
        kept.push(0);
    }
    kept.into_iter().filter_map(|at| bucket.get(at).cloned()).collect()
}

/// The middle point of a bucket with the interval of them all.
fn widest(bucket: &[Point]) -> Option<Point> {
    let low = bucket.iter().filter_map(|point| finite(point.low)).reduce(f64::min);
    let high = bucket.iter().filter_map(|point| finite(point.high)).reduce(f64::max);
    let middle = bucket.get(bucket.len() / 2)?;
    let y = bucket.iter().find_map(|point| finite(point.y));
    Some(Point { y, low, high, ..middle.clone() })
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_survive_thinning() {
        let spiky = |x: usize| if x == 4321 { 99.0 } else { (x % 7) as f64 };
        let points: Vec<Point> = (0..10_000).map(|x| Point::new(x as f64, spiky(x))).collect();
        let thin = extremes(&points, 500);
        assert!(thin.len() <= 1000);
        assert!(thin.iter().any(|point| point.y == Some(99.0)));
        assert!(thin.windows(2).all(|pair| pair[0].x < pair[1].x));
    }

    #[test]
    fn intervals_widen_to_their_bucket() {
        let points: Vec<Point> = (0..100)
            .map(|x| Point::between(f64::from(x), 5.0, 5.0 - f64::from(x % 10), 6.0 + f64::from(x % 10)))
            .collect();
        let thin = intervals(&points, 10);
        assert_eq!(thin.len(), 10);
        assert!(thin.iter().all(|point| point.low == Some(-4.0) && point.high == Some(15.0)), "{thin:?}");
    }

    #[test]
    fn few_points_and_gaps_stay() {
        let points = [Point::new(0.0, 1.0), Point::gap(1.0)];
        assert_eq!(extremes(&points, 10), points);
        let gaps: Vec<Point> = (0..100).map(|x| Point::gap(f64::from(x))).collect();
        assert_eq!(extremes(&gaps, 10).len(), 10);
    }
}
