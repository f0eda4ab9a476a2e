//! Spreading: places that must keep a distance, each as near to where it wants to be as the others allow.
//!
//! Least squares under order constraints: neighbours that would come too close are pooled at their mean
//! (pool adjacent violators; Barlow et al., *Statistical Inference under Order Restrictions*, 1972).

/// Places at least `gap` apart and within `rows`, as near as can be to the `wanted` ones, which ascend.
pub(super) fn within(wanted: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let offsets: Vec<f64> = (0..wanted.len()).map(|index| index as f64 * gap).collect();
    let last = (bottom - offsets.last().copied().unwrap_or(0.0)).max(top);
    let bases = pooled(wanted, &offsets);
    bases.iter().zip(&offsets).map(|(base, offset)| base.clamp(top, last) + offset).collect()
}

/// Places whose distances are at least those of `offsets`, as near as can be to the `wanted` ones.
pub(super) fn apart(wanted: &[f64], offsets: &[f64]) -> Vec<f64> {
    pooled(wanted, offsets).iter().zip(offsets).map(|(base, offset)| base + offset).collect()
}

/// For each place what is left of it without its offset: an ascending sequence nearest to the wanted one.
fn pooled(wanted: &[f64], offsets: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (place, offset) in wanted.iter().zip(offsets) {
        let mut block = (place - offset, 1);
        while let Some(before) = blocks.pop_if(|before| mean(*before) > mean(block)) {
            block = (block.0 + before.0, block.1 + before.1);
        }
        blocks.push(block);
    }
    blocks.iter().flat_map(|block| std::iter::repeat_n(mean(*block), block.1)).collect()
}

fn mean((sum, count): (f64, usize)) -> f64 {
    sum / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_that_do_not_collide_stay() {
        assert_eq!(within(&[10.0, 40.0, 90.0], 17.0, (0.0, 100.0)), [10.0, 40.0, 90.0]);
    }

    #[test]
    fn colliding_labels_share_the_move() {
        assert_eq!(within(&[50.0, 50.0], 20.0, (0.0, 100.0)), [40.0, 60.0]);
        assert_eq!(within(&[0.0, 0.0, 95.0], 20.0, (0.0, 100.0)), [0.0, 20.0, 95.0]);
        assert_eq!(within(&[99.0, 99.0], 20.0, (0.0, 100.0)), [80.0, 100.0]);
        assert_eq!(apart(&[5.0, 5.0, 5.0], &[0.0, 10.0, 41.0]), [-12.0, -2.0, 29.0]);
    }

    proptest! {
        #[test]
        fn labels_never_overlap(mut wanted in prop::collection::vec(0.0..300.0f64, 0..15)) {
            wanted.sort_by(f64::total_cmp);
            let places = within(&wanted, 17.0, (0.0, 300.0));
            prop_assert_eq!(places.len(), wanted.len());
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 17.0 - 1e-9));
            prop_assert!(places.iter().all(|place| (0.0..=300.0 + 1e-9).contains(place)));
        }
    }
}
