//! One run as bytes: a header that says whose it is, a checksum, and the report, packed.
//!
//! The body is postcard (a compact serde format with a published specification), deflated. Postcard does not
//! describe itself, so the header carries a fingerprint of the report's shape: a build with another shape, or
//! another version of the tool, computes the run again.

use std::{io, sync::LazyLock};

use models::{
    report::{Backlog, Decision, LimitCount, Metric, RunReport, Series, Unit},
    request::Reason,
    trace::{Ending, Kept, Lane, Span, SpanKind, Standing, Trace, Traces},
};
use sim_core::statistics::Histogram;
use xxhash_rust::xxh64::xxh64;

const MAGIC: &[u8; 8] = b"STAMPRUN";
/// Magic, shape, replication, cell, unpacked length.
const HEADER: usize = 8 + 8 + 8 + 16 + 8;
const CHECKSUM: usize = 8;
/// No report is larger; guards against a length that would exhaust memory.
const LARGEST: u64 = 1 << 32;

/// Why a stored run is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Spoiled {
    /// The file is shorter than its header.
    #[error("cut short")]
    Truncated,
    /// It does not begin as a stored run does.
    #[error("not a stored run")]
    Foreign,
    /// Another version of the tool wrote it.
    #[error("of another version of stampede")]
    OtherVersion,
    /// It stands in the place of another run.
    #[error("of another run")]
    OfAnotherRun,
    /// Its bytes are not those that were written.
    #[error("damaged: its checksum is wrong")]
    Checksum,
    /// The system could not read it.
    #[error("unreadable: {0}")]
    Unreadable(io::ErrorKind),
}

/// A run's file.
pub fn encode(cell: &str, replication: u64, report: &RunReport) -> Vec<u8> {
    // Writing plain data to memory cannot fail; an empty body would be refused as spoiled when read.
    let raw = postcard::to_stdvec(report).unwrap_or_default();
    let mut bytes = header(cell, replication, raw.len() as u64);
    bytes.extend(miniz_oxide::deflate::compress_to_vec(&raw, 6));
    let checksum = xxh64(&bytes, 0);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

/// The report in a run's file.
///
/// # Errors
/// The file is cut short, damaged, of another version or of another run.
pub fn decode(cell: &str, replication: u64, bytes: &[u8]) -> Result<RunReport, Spoiled> {
    let (signed, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Spoiled::Truncated)?;
    let (head, body) = signed.split_at_checked(HEADER).ok_or(Spoiled::Truncated)?;
    if !head.starts_with(MAGIC) {
        return Err(Spoiled::Foreign);
    }
    if xxh64(signed, 0) != u64::from_le_bytes(*checksum) {
        return Err(Spoiled::Checksum);
    }
    let (about, length) = head.split_last_chunk::<8>().ok_or(Spoiled::Truncated)?;
    match_header(cell, replication, about)?;
    unpack(body, u64::from_le_bytes(*length))
}

/// The shape of what this build stores: the bytes of a report with one of everything, under this version.
static SHAPE: LazyLock<u64> = LazyLock::new(|| {
    let mut bytes = postcard::to_stdvec(&one_of_everything()).unwrap_or_default();
    bytes.extend(env!("CARGO_PKG_VERSION").bytes());
    xxh64(&bytes, 0)
});

/// Every value differs, so that two fields of one type cannot change places unseen.
fn one_of_everything() -> RunReport {
    let name = |text: &str| text.to_owned();
    RunReport {
        events: 1,
        requests: 2,
        metrics: vec![Metric { name: name("metric"), unit: Unit::Bytes, value: Some(3.0), samples: 4 }],
        series: vec![Series { name: name("series"), unit: Unit::Ratio, bin: 5.0, values: vec![Some(6.0)] }],
        histograms: vec![(name("histogram"), Histogram::default())],
        limits: vec![LimitCount { name: name("limit"), limit: 7, under: 8, at: 9, over: 10 }],
        decisions: vec![Decision { at: 11.0, who: name("who"), what: name("what") }],
        backlogs: vec![Backlog { station: name("station"), growth: 12.0, arrivals: 13.0, served: 14.0 }],
        digest: 15,
        traces: Traces {
            lanes: vec![Lane { component: name("component"), name: name("server") }],
            names: vec![name("stage")],
            requests: vec![Trace { number: 16, kept: Kept::Slow, spans: spans(), cut: true }],
            thinned: Some(17),
        },
    }
}

fn spans() -> Vec<Span> {
    let kind = SpanKind::Call { attempt: 18, retry: true, copy: false };
    let (ending, standing) = (Ending::Failed(Reason::TimedOut), Standing::Orphaned);
    let (parent, lane, name, from, to) = (Some(19), 20, Some(21), 22, 23);
    vec![Span { parent, kind, lane, name, from, to, ending, standing }]
}

fn header(cell: &str, replication: u64, length: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(MAGIC);
    bytes.extend(SHAPE.to_le_bytes());
    bytes.extend(replication.to_le_bytes());
    bytes.extend(cell_bytes(cell));
    bytes.extend(length.to_le_bytes());
    bytes
}

/// The cell's hash in a fixed width, whatever its length.
fn cell_bytes(cell: &str) -> [u8; 16] {
    let mut fixed = [0; 16];
    for (to, from) in fixed.iter_mut().zip(cell.bytes()) {
        *to = from;
    }
    fixed
}

fn match_header(cell: &str, replication: u64, about: &[u8]) -> Result<(), Spoiled> {
    let expected = header(cell, replication, 0);
    let shape = MAGIC.len()..MAGIC.len() + 8;
    if about.get(shape.clone()) != expected.get(shape) {
        return Err(Spoiled::OtherVersion);
    }
    if expected.starts_with(about) { Ok(()) } else { Err(Spoiled::OfAnotherRun) }
}

fn unpack(body: &[u8], length: u64) -> Result<RunReport, Spoiled> {
    let raw = miniz_oxide::inflate::decompress_to_vec_with_limit(body, length.min(LARGEST) as usize)
        .map_err(|_| Spoiled::Checksum)?;
    let (report, rest) = postcard::take_from_bytes(&raw).map_err(|_| Spoiled::Checksum)?;
    if rest.is_empty() { Ok(report) } else { Err(Spoiled::Checksum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str = "0123456789abcdef";

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(decode(CELL, 7, &encode(CELL, 7, &one_of_everything())), Ok(one_of_everything()));
    }

    #[test]
    fn no_cut_and_no_flipped_bit_is_believed() {
        let whole = encode(CELL, 7, &one_of_everything());
        for length in 0..whole.len() {
            assert!(decode(CELL, 7, whole.get(..length).unwrap()).is_err(), "cut at {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            *damaged.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            assert!(decode(CELL, 7, &damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_run_is_only_its_own() {
        let bytes = encode(CELL, 7, &one_of_everything());
        assert_eq!(decode(CELL, 8, &bytes), Err(Spoiled::OfAnotherRun));
        assert_eq!(decode("fedcba9876543210", 7, &bytes), Err(Spoiled::OfAnotherRun));
    }

    #[test]
    fn a_run_of_another_shape_is_told() {
        let mut bytes = encode(CELL, 7, &one_of_everything());
        let signed = bytes.len() - CHECKSUM;
        bytes.truncate(signed);
        *bytes.get_mut(MAGIC.len()).unwrap() ^= 1;
        let checksum = xxh64(&bytes, 0);
        bytes.extend(checksum.to_le_bytes());
        assert_eq!(decode(CELL, 7, &bytes), Err(Spoiled::OtherVersion));
    }
}
