//! The `stampede` command.

fn main() {
    println!("stampede {}", env!("CARGO_PKG_VERSION"));
}
