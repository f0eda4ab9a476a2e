//! Compressed files, known by their first bytes: gzip (RFC 1952) and Zstandard (RFC 8878).

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

const GZIP: [u8; 2] = [0x1F, 0x8B];
const ZSTANDARD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A file from its start, the bytes that were looked at before it.
type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// What a file holds when it is no longer compressed.
pub(super) fn plain(mut file: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut start = Vec::new();
    file.by_ref().take(ZSTANDARD.len() as u64).read_to_end(&mut start)?;
    let (gzip, zstandard) = (start.starts_with(&GZIP), start.starts_with(&ZSTANDARD));
    let source = BufReader::new(Cursor::new(start).chain(file));
    Ok(if gzip {
        Box::new(MultiGzDecoder::new(source))
    } else if zstandard {
        Box::new(Frames { frame: Some(Frame::Waits(source)) })
    } else {
        Box::new(source)
    })
}

/// Zstandard's frames, one after the other.
struct Frames<R: Read> {
    frame: Option<Frame<R>>,
}

enum Frame<R: Read> {
    Waits(Source<R>),
    Open(Box<StreamingDecoder<Source<R>, ruzstd::decoding::FrameDecoder>>),
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.frame.take() {
                None => return Ok(0),
                Some(Frame::Waits(mut source)) => {
                    if !source.fill_buf()?.is_empty() {
                        let decoder = StreamingDecoder::new(source).map_err(io::Error::other)?;
                        self.frame = Some(Frame::Open(Box::new(decoder)));
                    }
                }
                Some(Frame::Open(mut decoder)) => {
                    let count = decoder.read(into)?;
                    if count > 0 || into.is_empty() {
                        self.frame = Some(Frame::Open(decoder));
                        return Ok(count);
                    }
                    self.frame = Some(Frame::Waits(decoder.into_inner()));
                }
            }
        }
    }
}
