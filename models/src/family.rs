//! The one macro that turns a list of strategies into a spec enum, a state enum and a catalogue.

/// Declares a closed, fast family of strategies that is still open at one end (`Custom`).
///
/// Each row is `/// documentation` and `Name = module;`; the module holds `Spec` (serde data with `Default`,
/// `check`, `build`) and `State`. `build` takes the family's one argument, named after `build`.
macro_rules! family {
    (
        $(#[doc = $family_doc:literal])*
        pub trait $Trait:ident, spec $Spec:ident, state $State:ident, build($arg:ident: $Arg:ty);
        $( $(#[doc = $doc:literal])+ $Variant:ident = $module:ident; )+
    ) => {
        $(#[doc = $family_doc])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum $Spec { $( $(#[doc = $doc])+ $Variant($module::Spec), )+ }

        /// Running state of one member of the family.
        #[derive(Debug)]
        pub enum $State {
            $( $(#[doc = $doc])+ $Variant($module::State), )+
            /// A strategy from outside this crate.
            Custom(Box<dyn $Trait>),
        }

        impl $Spec {
            /// Every built-in strategy: its name, its documentation, its default spec.
            pub fn catalog() -> Vec<(&'static str, &'static str, Self)> {
                vec![ $( (stringify!($Variant), concat!($($doc, "\n"),+).trim_ascii(), Self::$Variant(Default::default())), )+ ]
            }

            /// The source file of every built-in strategy by its name: its header tells the idea and where it is from.
            pub const fn files() -> &'static [(&'static str, &'static str)] {
                &[ $( (stringify!($Variant), include_str!(concat!(stringify!($module), ".rs"))), )+ ]
            }

            /// The name a file uses for this strategy.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$Variant(_) => stringify!($Variant), )+ }
            }

            /// Reports what is wrong with the values.
            pub fn check(&self, check: &mut sim_core::check::Check) {
                match self { $( Self::$Variant(spec) => check.at(stringify!($Variant), |check| spec.check(check)), )+ }
            }

            /// Builds the running state from a checked spec.
            pub fn build(&self, $arg: $Arg) -> $State {
                match self { $( Self::$Variant(spec) => $State::$Variant(spec.build($arg)), )+ }
            }
        }

        /// Runs `$body` on the concrete state: static dispatch, one `match`.
        #[allow(unused_macros)]
        macro_rules! on_each {
            ($self:expr, $it:ident => $body:expr) => {
                match $self {
                    $( $State::$Variant($it) => $body, )+
                    $State::Custom($it) => $body,
                }
            };
        }
    };
}
