//! Distributions of keys: which of many items a request is about.
//!
//! A key is a rank, counted from 0; the popular are the small ones. One draw takes exactly 64 bits and constant
//! time, and larger bits never give a smaller rank, so that runs which share their numbers stay coupled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Check;

pub mod empirical;
pub mod hot_set;
pub mod uniform;
pub mod zipf;

/// Turns the list of key distributions into a spec enum, a state enum and a catalogue.
///
/// Each row is `/// documentation` and `Name = module;`; the module holds `Spec` (serde data with `Default`,
/// `check` and `build`) and `State` (with `draw`, `probability` and `items`).
macro_rules! keys {
    ($( $(#[doc = $doc:literal])+ $Variant:ident = $module:ident; )+) => {
        /// What a file says of keys: `Zipf(items: 1000000, exponent: 0.99)`.
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum KeysSpec { $( $(#[doc = $doc])+ $Variant($module::Spec), )+ }

        /// Keys ready to be drawn. Cloning shares the tables.
        #[derive(Clone, Debug)]
        pub enum Keys { $( $(#[doc = $doc])+ $Variant($module::State), )+ }

        impl KeysSpec {
            /// Every distribution of keys: its name, its documentation, an example.
            pub fn catalog() -> Vec<(&'static str, &'static str, Self)> {
                vec![ $( (stringify!($Variant), concat!($($doc, "\n"),+).trim_ascii(), Self::$Variant(Default::default())), )+ ]
            }

            /// The source file of every distribution by its name: its header tells the idea and where it is from.
            pub const fn files() -> &'static [(&'static str, &'static str)] {
                &[ $( (stringify!($Variant), include_str!(concat!(stringify!($module), ".rs"))), )+ ]
            }

            /// The name a file uses for this distribution.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$Variant(_) => stringify!($Variant), )+ }
            }

            /// Reports what is wrong with the values.
            pub fn check(&self, check: &mut Check) {
                match self { $( Self::$Variant(spec) => check.at(stringify!($Variant), |check| spec.check(check)), )+ }
            }

            /// Builds what is drawn from, out of a checked spec.
            pub fn build(&self) -> Keys {
                match self { $( Self::$Variant(spec) => Keys::$Variant(spec.build()), )+ }
            }
        }

        impl Keys {
            /// A key from 64 random bits: a rank below [`items`](Self::items).
            #[inline]
            pub fn draw(&self, bits: u64) -> u64 {
                match self { $( Self::$Variant(state) => state.draw(bits), )+ }
            }

            /// How many keys there are.
            pub fn items(&self) -> u64 {
                match self { $( Self::$Variant(state) => state.items(), )+ }
            }

            /// The exact probability of the key of this rank; 0 beyond the last.
            pub fn probability(&self, rank: u64) -> f64 {
                if rank >= self.items() {
                    return 0.0;
                }
                match self { $( Self::$Variant(state) => state.probability(rank), )+ }
            }
        }
    };
}

keys! {
    /// Every key is as popular as any other.
    Uniform = uniform;
    /// Popularity falls as a power of the rank.
    Zipf = zipf;
    /// A few hot keys share most of the requests.
    HotSet = hot_set;
    /// Each key as popular as was measured.
    Empirical = empirical;
}

/// Requires at least `least` items, and no more than the draws can tell apart.
fn check_items(check: &mut Check, items: u64, least: u64) {
    check.require((least..=1_000_000_000_000).contains(&items), "items", || {
        format!("items must be from {least} to 10^12, got {items}")
    });
}

#[cfg(test)]
mod tests;
