//! Where a picture's text stands, as resvg lays it out, and what is wrong with it.

use experiments::charts::Picture;
use resvg::tiny_skia::Rect;
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, TextChunk, Tree};
use std::sync::{Arc, LazyLock};

/// The embedded fonts.
static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans-subset.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans-Bold-subset.ttf").to_vec());
    Options { fontdb: Arc::new(fonts), ..Options::default() }
});

/// Text that leaves the paper, and text that lies on other text.
pub(crate) fn faults(picture: &Picture) -> Vec<String> {
    let texts = texts(picture);
    let (width, height) = (picture.width as f32, picture.height as f32);
    let inside = |place: &Rect| place.left() >= 0.0 && place.right() <= width && place.bottom() <= height;
    let outside = texts.iter().filter(|(_, place)| !inside(place));
    let mut faults: Vec<String> = outside.map(|(text, place)| format!("{text:?} at {place:?}")).collect();
    for (index, (text, place)) in texts.iter().enumerate() {
        let hidden = texts[index + 1..].iter().filter(|(_, other)| overlap(place, other));
        faults.extend(hidden.map(|(other, _)| format!("{text:?} lies on {other:?}")));
    }
    faults
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    let across = a.right().min(b.right()) - a.left().max(b.left());
    let down = a.bottom().min(b.bottom()) - a.top().max(b.top());
    across > 1.0 && down > 1.0
}

/// Every text of a picture and where it is.
fn texts(picture: &Picture) -> Vec<(String, Rect)> {
    let tree = Tree::from_str(&picture.svg, &OPTIONS).unwrap();
    let mut found = Vec::new();
    collect(tree.root(), &mut found);
    found
}

fn collect(group: &Group, found: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, found),
            Node::Text(text) => {
                let words: String = text.chunks().iter().map(TextChunk::text).collect();
                found.push((words, node.abs_bounding_box()));
            }
            Node::Path(_) | Node::Image(_) => (),
        }
    }
}
