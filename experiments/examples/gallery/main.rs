//! Draws every kind of chart, and a report of them, into a folder: `cargo run --example gallery -- FOLDER`.
//!
//! The data are made up but plausible; the pictures are for looking at after a change of the charts.

mod report;
mod samples;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("gallery"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for (name, chart) in samples::all() {
        let Some(picture) = chart.draw() else { continue };
        fs::write(folder.join(format!("{name}.svg")), &picture.svg)?;
        fs::write(folder.join(format!("{name}.png")), picture.png()?)?;
        fs::write(folder.join(format!("{name}.csv")), chart.csv())?;
        println!("{name}: {} x {}, {} bytes", picture.width, picture.height, picture.svg.len());
    }
    let page = experiments::report::html(&report::report());
    fs::write(folder.join("report.html"), &page)?;
    println!("report: {} bytes in {}", page.len(), folder.display());
    Ok(())
}
