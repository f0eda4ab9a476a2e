//! Windows of measurement: named spans of time, of which those open now are known at every instant.

use sim_core::time::{SimDuration, SimTime};

/// A span of time in which figures are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name; empty for the measurement itself, whose metrics bear no suffix.
    pub name: String,
    /// When it opens.
    pub from: SimTime,
    /// When it closes.
    pub to: SimTime,
}

impl Window {
    /// How long it is open.
    pub fn length(&self) -> SimDuration {
        self.to.since(self.from)
    }
}

/// All windows of a run; number 0 is the measurement itself.
#[derive(Clone, Debug)]
pub struct Windows {
    all: Vec<Window>,
    /// The open ones, ascending.
    open: Vec<u16>,
}

/// An instant at which windows open or close.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Those that were open until now.
    pub before: Vec<u16>,
    /// Those that close.
    pub closes: Vec<u16>,
    /// Those that open.
    pub opens: Vec<u16>,
}

impl Windows {
    /// The measurement and the named windows within the run.
    pub fn new(measurement: Window, named: impl IntoIterator<Item = Window>) -> Self {
        let mut all = vec![measurement];
        all.extend(named);
        Self { all, open: Vec::new() }
    }

    /// Every window, the measurement first.
    pub fn all(&self) -> &[Window] {
        &self.all
    }

    /// The measurement itself.
    pub fn measurement(&self) -> &Window {
        &self.all[0]
    }

    /// The windows open now.
    #[inline]
    pub fn open(&self) -> &[u16] {
        &self.open
    }

    /// When windows open or close, ascending, each time once.
    pub fn boundaries(&self) -> Vec<SimTime> {
        let mut times: Vec<SimTime> = self.all.iter().flat_map(|window| [window.from, window.to]).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// Opens and closes what is due and tells which.
    pub fn turn(&mut self, now: SimTime) -> Turn {
        let those = |pick: &dyn Fn(u16, &Window) -> bool| {
            (0_u16..)
                .zip(&self.all)
                .filter(|(index, window)| pick(*index, window))
                .map(|(index, _)| index)
                .collect()
        };
        let closes = those(&|index, window| window.to == now && self.open.contains(&index));
        let opens = those(&|_, window| window.from == now && window.to > now);
        let open = those(&|_, window| window.from <= now && now < window.to);
        let before = std::mem::replace(&mut self.open, open);
        Turn { before, closes, opens }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(name: &str, from: u64, to: u64) -> Window {
        Window { name: name.into(), from: SimTime::from_nanos(from), to: SimTime::from_nanos(to) }
    }

    #[test]
    fn windows_may_touch_and_overlap() {
        let mut windows = Windows::new(window("", 0, 30), [window("early", 0, 10), window("late", 10, 30)]);
        assert_eq!(windows.boundaries(), [0, 10, 30].map(SimTime::from_nanos));
        let turn = |before: &[u16], closes: &[u16], opens: &[u16]| Turn {
            before: before.to_vec(),
            closes: closes.to_vec(),
            opens: opens.to_vec(),
        };
        assert_eq!(windows.turn(SimTime::ZERO), turn(&[], &[], &[0, 1]));
        assert_eq!(windows.turn(SimTime::from_nanos(10)), turn(&[0, 1], &[1], &[2]));
        assert_eq!(windows.open(), [0, 2]);
        assert_eq!(windows.turn(SimTime::from_nanos(30)), turn(&[0, 2], &[0, 2], &[]));
        assert_eq!(windows.open(), [0_u16; 0]);
    }
}
