//! Reading an answer's body within its limit, before and after decompression.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use futures::StreamExt;
use futures::stream::BoxStream;

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// It ended early.
    Lost(String),
    /// It is larger than wanted; how large as far as known.
    TooLarge(u64),
    /// It cannot be decompressed.
    Damaged(String),
}

/// Reads a body to its end.
pub(super) async fn read(
    mut body: BoxStream<'static, Result<Bytes, String>>,
    encoding: Option<&str>,
    limit: u64,
) -> Result<Vec<u8>, BodyFault> {
    let mut raw = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(BodyFault::Lost)?;
        raw.extend_from_slice(&piece);
        // Compressed data above the limit cannot become less by decompression in any honest answer.
        if size(&raw) > limit {
            return Err(BodyFault::TooLarge(size(&raw)));
        }
    }
    let encoding = encoding.map(|text| text.trim().to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some("" | "identity") => Ok(raw),
        Some(_) if raw.is_empty() => Ok(raw),
        Some("gzip" | "x-gzip") => inflate(GzDecoder::new(raw.as_slice()), limit),
        // RFC 9110 means zlib by "deflate", and some servers send it bare.
        Some("deflate") => match inflate(ZlibDecoder::new(raw.as_slice()), limit) {
            Err(BodyFault::Damaged(_)) => inflate(DeflateDecoder::new(raw.as_slice()), limit),
            read => read,
        },
        Some(other) => Err(BodyFault::Damaged(format!("the answer is encoded as {other}, which was not asked for"))),
    }
}

fn inflate(decoder: impl Read, limit: u64) -> Result<Vec<u8>, BodyFault> {
    let mut plain = Vec::new();
    decoder
        .take(limit.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|fault| BodyFault::Damaged(format!("the answer cannot be decompressed: {fault}")))?;
    if size(&plain) > limit { Err(BodyFault::TooLarge(size(&plain))) } else { Ok(plain) }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use futures::executor::block_on;

    use super::*;
    use crate::http::transport::Incoming;

    fn read_all(body: Vec<u8>, encoding: Option<&str>, limit: u64) -> Result<Vec<u8>, BodyFault> {
        block_on(read(Incoming::whole(200, vec![], body).body, encoding, limit))
    }

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_read() {
        let plain = b"one two one two one two".to_vec();
        let mut gzip = GzEncoder::new(vec![], Compression::fast());
        gzip.write_all(&plain).unwrap();
        let mut zlib = ZlibEncoder::new(vec![], Compression::fast());
        zlib.write_all(&plain).unwrap();
        let mut bare = DeflateEncoder::new(vec![], Compression::fast());
        bare.write_all(&plain).unwrap();
        assert_eq!(read_all(gzip.finish().unwrap(), Some("GZIP"), 100), Ok(plain.clone()));
        assert_eq!(read_all(zlib.finish().unwrap(), Some("deflate"), 100), Ok(plain.clone()));
        assert_eq!(read_all(bare.finish().unwrap(), Some("deflate"), 100), Ok(plain));
    }

    #[test]
    fn a_small_answer_that_unpacks_to_a_large_one_is_too_large() {
        let mut gzip = GzEncoder::new(vec![], Compression::best());
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
        assert_eq!(read_all(gzip.finish().unwrap(), Some("gzip"), 5000), Err(BodyFault::TooLarge(5001)));
        assert_eq!(read_all(vec![0; 11], None, 10), Err(BodyFault::TooLarge(11)));
        assert_eq!(read_all(vec![0; 10], None, 10), Ok(vec![0; 10]));
    }

    #[test]
    fn damage_is_not_taken_for_an_empty_answer() {
        assert!(matches!(read_all(b"not gzip at all".to_vec(), Some("gzip"), 100), Err(BodyFault::Damaged(_))));
        assert!(matches!(read_all(b"x".to_vec(), Some("br"), 100), Err(BodyFault::Damaged(_))));
    }
}
