//! libCacheSim's oracleGeneral: 24 bytes a request, little-endian: u32 seconds, u64 key, u32 bytes, i64 number of the next
//! request for the key, −1 or the largest number if there is none.

use std::io::{ErrorKind, Read};

use sim_core::time::SimTime;

use super::{CacheRequest, Wrong};

const RECORD: usize = 24;

pub(super) struct OracleGeneral<R> {
    source: R,
    number: u64,
}

impl<R: Read> OracleGeneral<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, number: 0 }
    }

    /// Fills a record as far as there are bytes; how many there were.
    fn fill(&mut self, record: &mut [u8; RECORD]) -> Result<usize, Wrong> {
        let mut filled = 0;
        while filled < RECORD {
            match self.source.read(&mut record[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Wrong::Read(self.place(), error)),
            }
        }
        Ok(filled)
    }

    fn place(&self) -> String {
        format!("record {}", self.number)
    }
}

impl<R: Read> Iterator for OracleGeneral<R> {
    type Item = Result<CacheRequest, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = [0; RECORD];
        self.number += 1;
        match self.fill(&mut record) {
            Ok(0) => None,
            Ok(RECORD) => Some(Ok(request(&record))),
            Ok(count) => {
                let what = format!("the file ends after {count} of a record's {RECORD} bytes");
                Some(Err(Wrong::Content(self.place(), what)))
            }
            Err(wrong) => Some(Err(wrong)),
        }
    }
}

fn request(record: &[u8; RECORD]) -> CacheRequest {
    let seconds = bytes::<4>(record, 0).map_or(0, u32::from_le_bytes);
    let next = bytes::<8>(record, 16).map_or(-1, i64::from_le_bytes);
    CacheRequest {
        key: bytes::<8>(record, 4).map_or(0, u64::from_le_bytes),
        size: bytes::<4>(record, 12).map_or(0, u32::from_le_bytes).into(),
        at: Some(SimTime::from_nanos(u64::from(seconds) * 1_000_000_000)),
        next: u64::try_from(next).ok().filter(|_| next != i64::MAX),
    }
}

/// So many bytes from a place on; all of a record's places are within it.
fn bytes<const N: usize>(record: &[u8; RECORD], from: usize) -> Option<[u8; N]> {
    record.get(from..)?.first_chunk().copied()
}
