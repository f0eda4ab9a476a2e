//! The whole way from text to plan, with a small shop as the system.

mod broken;
mod hostile;
mod messages;
mod plans;
mod shop;

use self::shop::Shop;
use super::{Overrides, load_text};
use crate::{diagnostic::Diagnostics, plan::Plan};

const SLOW_SERVER: &str = include_str!("slow_server.ron");
const RETRY_STORM: &str = include_str!("retry_storm.ron");
const REGION_FAILOVER: &str = include_str!("region_failover.ron");

fn load(text: &str, overrides: &Overrides) -> Result<Plan<Shop>, Diagnostics> {
    load_text::<Shop>("file.ron", text, overrides)
}

/// The plan, or a failure that shows what is wrong.
fn plan(text: &str, overrides: &Overrides) -> Plan<Shop> {
    load(text, overrides).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// The first experiment with one piece of its text replaced.
fn slow_server_with(piece: &str, replacement: &str) -> String {
    assert!(SLOW_SERVER.contains(piece), "{piece}");
    SLOW_SERVER.replacen(piece, replacement, 1)
}
