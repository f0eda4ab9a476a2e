//! What the readers of traces make of files, right and wrong.

use std::io::Write;

use super::*;

/// Zstandard frames, each stored as it is.
fn zstandard(frames: &[&[u8]]) -> Vec<u8> {
    let frame = |content: &&[u8]| {
        // RFC 8878: magic, single segment with a size of one byte, the size, one last raw block.
        let size = content.len() as u8;
        let block = (u32::from(size) << 3 | 1).to_le_bytes();
        [&[0x28, 0xB5, 0x2F, 0xFD, 0x20, size], &block[..3], *content].concat()
    };
    frames.iter().flat_map(frame).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Reads a file of that name and content.
fn read_file(name: &str, content: &[u8]) -> Result<Vec<CacheRequest>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let reader = read_named(&path).map_err(|error| error.to_string())?;
    let told = |error: TraceError| error.to_string().replace(&path.display().to_string(), name);
    reader.map(|request| request.map_err(told)).collect()
}

fn keys(name: &str, content: &[u8]) -> Vec<u64> {
    read_file(name, content).unwrap().into_iter().map(|request| request.key).collect()
}

#[test]
fn keys_a_line() {
    let xxh64_of_a = 0xD24E_C4F1_A98C_6E5B;
    assert_eq!(keys("loop.trc", b"1\n2\r\n*\n\n1\na\n"), [1, 2, 1, xxh64_of_a]);
    assert_eq!(keys("empty.lis", b""), [0_u64; 0]);
}

#[test]
fn compressed_files_are_known_by_their_first_bytes() {
    assert_eq!(keys("loop.trc.gz", &gzip(b"1\n2\n*\n1\n")), [1, 2, 1]);
    let two_members = [gzip(b"1\n2\n"), gzip(b"3\n")].concat();
    assert_eq!(keys("loop.trc.gz", &two_members), [1, 2, 3]);
    assert_eq!(keys("loop.trc.zst", &zstandard(&[b"1\n2\n", b"*\n3\n"])), [1, 2, 3]);
    // An archive that is not what its name says, and one that is cut.
    assert_eq!(keys("loop.trc.gz", b"7\n"), [7]);
    let cut = gzip(b"1\n2\n3\n");
    let error = read_file("loop.trc.gz", &cut[..cut.len() - 4]).unwrap_err();
    assert!(error.starts_with("loop.trc.gz line "), "{error}");
    let cut = zstandard(&[b"1\n2\n3\n"]);
    let error = read_file("loop.trc.zst", &cut[..cut.len() - 2]).unwrap_err();
    assert!(error.starts_with("loop.trc.zst line 1: cannot be read on"), "{error}");
}

#[test]
fn separated_values() {
    let of = |key, size, seconds: Option<u64>| CacheRequest {
        key,
        size,
        at: seconds.map(|seconds| SimTime::from_nanos(seconds * 1_000_000_000)),
        next: None,
    };
    let bare = read_file("day.csv", b"5\n6,100\n7,200,3\n").unwrap();
    assert_eq!(bare, [of(5, 1, None), of(6, 100, None), of(7, 200, Some(3))]);
    let said = read_file("day.csv", b"Time,key,other,size\n3,7,x,200\n4,8,x,\n").unwrap();
    assert_eq!(said, [of(7, 200, Some(3)), of(8, 1, Some(4))]);
    for (content, error) in [
        ("1,2\n3,x\n", "day.csv line 2: `x` is not a size: a whole number of bytes is needed"),
        ("1,-2\n", "day.csv line 1: `-2` is not a size: a whole number of bytes is needed"),
        ("key,size\n1,2\n,3\n", "day.csv line 3: there is no key"),
        ("1,2,-1\n", "day.csv line 1: `-1` is not a time: a number of seconds of 0 or above is needed"),
        ("1,2,inf\n", "day.csv line 1: `inf` is not a time: a number of seconds of 0 or above is needed"),
    ] {
        assert_eq!(read_file("day.csv", content.as_bytes()).unwrap_err(), error);
    }
}

#[test]
fn records_of_oracle_general() {
    let record = |seconds: u32, key: u64, size: u32, next: i64| {
        [&seconds.to_le_bytes()[..], &key.to_le_bytes(), &size.to_le_bytes(), &next.to_le_bytes()].concat()
    };
    let content =
        [record(1, u64::MAX, 4096, 2), record(2, 5, 0, -1), record(3, u64::MAX, 9, i64::MAX)].concat();
    let read = read_file("w.oracleGeneral.bin.zst", &zstandard(&[&content])).unwrap();
    let told: Vec<_> = read.iter().map(|request| (request.key, request.size, request.next)).collect();
    assert_eq!(told, [(u64::MAX, 4096, Some(2)), (5, 0, None), (u64::MAX, 9, None)]);
    assert_eq!(read[2].at, Some(SimTime::from_nanos(3_000_000_000)));
    let error = read_file("w.oracleGeneral", &content[..58]).unwrap_err();
    assert_eq!(error, "w.oracleGeneral record 3: the file ends after 10 of a record's 24 bytes");
}

#[test]
fn what_cannot_be_read_is_said() {
    let error = read_file("trace.dat", b"").unwrap_err();
    assert!(error.contains("what is it?") && error.contains(".csv"), "{error}");
    let missing = read_named(Path::new("/nowhere/day.csv")).err().unwrap().to_string();
    assert!(missing.starts_with("/nowhere/day.csv: cannot be opened: "), "{missing}");
    // Bytes that are no text.
    let error = read_file("keys.trc", &[0x31, 0x0A, 0xFF, 0xFE, 0x0A]).unwrap_err();
    assert!(error.starts_with("keys.trc line 2: cannot be read on: "), "{error}");
    let error = read_file("keys.csv", &[0x31, 0x0A, 0xFF, 0xFE, 0x0A]).unwrap_err();
    assert!(error.starts_with("keys.csv line 2: cannot be read on: "), "{error}");
}
