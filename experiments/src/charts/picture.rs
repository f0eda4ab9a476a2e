//! A finished picture: SVG text, and a PNG made from it.

use super::font;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use std::sync::{Arc, LazyLock};

/// Pixels of the PNG for each CSS pixel of the SVG.
const SHARPNESS: f32 = 2.0;

/// A finished chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// A self-contained SVG document, which may also stand inside an HTML page.
    pub svg: String,
    /// What the picture shows, for those who cannot see it.
    pub alt: String,
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
}

/// Why a PNG could not be made.
#[derive(Debug)]
pub struct PngError(String);

impl std::fmt::Display for PngError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot make a PNG of the chart: {}", self.0)
    }
}

impl std::error::Error for PngError {}

impl Picture {
    /// The same drawing as a PNG at twice the resolution, set in the embedded font.
    ///
    /// # Errors
    ///
    /// If the picture is too large for memory.
    pub fn png(&self) -> Result<Vec<u8>, PngError> {
        let tree = Tree::from_str(&self.svg, &OPTIONS).map_err(|error| PngError(error.to_string()))?;
        let size = tree.size().to_int_size();
        let size = size.scale_by(SHARPNESS).unwrap_or(size);
        let too_large = || PngError(format!("{} x {} pixels", size.width(), size.height()));
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(too_large)?;
        resvg::render(&tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| PngError(error.to_string()))
    }
}

/// Fonts: the embedded ones and no others, so that a PNG does not depend on the machine.
static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(font::REGULAR.to_vec());
    fonts.load_font_data(font::BOLD.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() }
});
