//! SPDY/3.1 as far as `k8s.io/streaming/pkg/httpstream/spdy` uses it: streams that the client opens, data, ends,
//! resets and pings. Nobody there heeds windows or priorities.

mod command;
mod dictionary;
mod forward;
mod pipe;

pub(super) use self::command::run as run_command;
pub(super) use self::forward::run as forward;
pub(super) use self::pipe::{Pipe, of_connection, of_websocket};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// The largest frame that is read; clients copy 32 KiB at once.
const FRAME_LIMIT: usize = 1024 * 1024;
/// What the headers of a stream may be, unpacked; they are three short lines.
const HEADERS_LIMIT: usize = 64 * 1024;
const HEAD: usize = 8;
const LAST: u8 = 1;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A stream begins.
    Open { stream: u32, headers: Vec<(String, String)>, last: bool },
    /// Data of a stream; `last` when the client writes no more.
    Data { stream: u32, data: Vec<u8>, last: bool },
    /// A stream is over for both sides.
    Reset { stream: u32 },
    /// To be answered with the same number.
    Ping { number: u32 },
    /// No more streams.
    GoAway,
}

/// What a peer sent is no SPDY.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not SPDY/3.1")]
pub(super) struct Malformed;

/// Takes frames out of bytes.
pub(super) struct Reader {
    bytes: Vec<u8>,
    inflate: Decompress,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), inflate: Decompress::new(true) }
    }

    /// Takes what has arrived; the frames that are complete now.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, Malformed> {
        self.bytes.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(head) = self.bytes.first_chunk::<HEAD>() {
            let [a, b, c, d, flags, length @ ..] = *head;
            let [high, middle, low] = length.map(usize::from);
            let length = high << 16 | middle << 8 | low;
            if length > FRAME_LIMIT {
                return Err(Malformed);
            }
            if self.bytes.len() < HEAD + length {
                break;
            }
            let payload: Vec<u8> = self.bytes.drain(..HEAD + length).skip(HEAD).collect();
            let last = flags & LAST != 0;
            if a & 0x80 == 0 {
                let stream = u32::from_be_bytes([a, b, c, d]);
                frames.push(Frame::Data { stream, data: payload, last });
                continue;
            }
            if (a, b) != (0x80, 3) {
                return Err(Malformed);
            }
            frames.extend(self.control(u16::from_be_bytes([c, d]), &payload, last)?);
        }
        Ok(frames)
    }

    fn control(
        &mut self,
        kind: u16,
        payload: &[u8],
        last: bool,
    ) -> Result<Option<Frame>, Malformed> {
        let number = || {
            let bytes = payload.first_chunk::<4>().ok_or(Malformed)?;
            Ok(u32::from_be_bytes(*bytes) & 0x7fff_ffff)
        };
        Ok(match kind {
            SYN_STREAM => {
                let stream = number()?;
                let packed = payload.get(10..).ok_or(Malformed)?;
                let headers = headers(&self.unpack(packed)?)?;
                Some(Frame::Open { stream, headers, last })
            }
            RST_STREAM => Some(Frame::Reset { stream: number()? }),
            PING => Some(Frame::Ping { number: number()? }),
            GOAWAY => Some(Frame::GoAway),
            // Settings and windows do not matter here.
            _ => None,
        })
    }

    /// All header blocks of a connection are one zlib stream.
    fn unpack(&mut self, packed: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut text = Vec::with_capacity(HEADERS_LIMIT);
        let mut rest = packed;
        while !rest.is_empty() {
            let (read, written) = (self.inflate.total_in(), text.len());
            let outcome = self.inflate.decompress_vec(rest, &mut text, FlushDecompress::Sync);
            let used = usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX);
            rest = rest.get(used..).ok_or(Malformed)?;
            match outcome {
                Ok(_) if used == 0 && text.len() == written => return Err(Malformed),
                Ok(_) => {}
                Err(error) if error.needs_dictionary().is_some() => {
                    let known = self.inflate.set_dictionary(&dictionary::bytes());
                    known.map_err(|_error| Malformed)?;
                }
                Err(_) => return Err(Malformed),
            }
        }
        Ok(text)
    }
}

fn headers(mut text: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
    fn number(text: &mut &[u8]) -> Result<usize, Malformed> {
        let (number, rest) = text.split_first_chunk::<4>().ok_or(Malformed)?;
        *text = rest;
        usize::try_from(u32::from_be_bytes(*number)).map_err(|_error| Malformed)
    }
    fn word(text: &mut &[u8]) -> Result<String, Malformed> {
        let length = number(text)?;
        let (word, rest) = text.split_at_checked(length).ok_or(Malformed)?;
        *text = rest;
        Ok(String::from_utf8_lossy(word).into_owned())
    }
    let count = number(&mut text)?;
    let mut found = Vec::new();
    for _ in 0..count {
        found.push((word(&mut text)?.to_ascii_lowercase(), word(&mut text)?));
    }
    Ok(found)
}

/// The value of a header.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// Writes frames.
pub(super) struct Writer {
    deflate: Compress,
}

impl Writer {
    pub(super) fn new() -> Self {
        let mut deflate = Compress::new(Compression::fast(), true);
        // A fresh compressor takes any dictionary.
        let _checksum = deflate.set_dictionary(&dictionary::bytes());
        Self { deflate }
    }

    /// A stream of the client is accepted; there is nothing to say about it.
    pub(super) fn accept(&mut self, stream: u32) -> Vec<u8> {
        let none = 0_u32.to_be_bytes();
        let mut packed = Vec::with_capacity(64);
        let done = self.deflate.compress_vec(&none, &mut packed, FlushCompress::Sync);
        debug_assert!(done.is_ok(), "four bytes are compressed");
        control(SYN_REPLY, &[&stream.to_be_bytes(), packed.as_slice()].concat())
    }

    /// Data of a stream.
    pub(super) fn data(stream: u32, data: &[u8]) -> Vec<u8> {
        data.chunks(FRAME_LIMIT).flat_map(|part| plain(stream, part, 0)).collect()
    }

    /// We write no more into a stream.
    pub(super) fn end(stream: u32) -> Vec<u8> {
        plain(stream, &[], LAST)
    }

    pub(super) fn pong(number: u32) -> Vec<u8> {
        control(PING, &number.to_be_bytes())
    }
}

fn plain(stream: u32, data: &[u8], flags: u8) -> Vec<u8> {
    [&stream.to_be_bytes()[..], &[flags], &length(data), data].concat()
}

fn control(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[0x80, 3][..], &kind.to_be_bytes(), &[0], &length(payload), payload].concat()
}

fn length(payload: &[u8]) -> [u8; 3] {
    let [_, high, middle, low] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream as a client opens it.
    fn open(deflate: &mut Compress, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
        for word in headers.iter().flat_map(|(name, value)| [name, value]) {
            text.extend(u32::try_from(word.len()).unwrap().to_be_bytes());
            text.extend(word.as_bytes());
        }
        let mut packed = Vec::with_capacity(1024);
        deflate.compress_vec(&text, &mut packed, FlushCompress::Sync).unwrap();
        control(SYN_STREAM, &[&stream.to_be_bytes()[..], &[0; 6], &packed].concat())
    }

    #[test]
    fn streams_and_data_are_read_however_the_bytes_are_cut() {
        let mut deflate = Compress::new(Compression::best(), true);
        deflate.set_dictionary(&dictionary::bytes()).unwrap();
        let error = [("Port", "80"), ("streamtype", "error")];
        let mut bytes = open(&mut deflate, 1, &error);
        bytes.extend(open(&mut deflate, 3, &[("port", "80"), ("streamtype", "data")]));
        bytes.extend(Writer::data(3, b"GET"));
        bytes.extend(Writer::end(3));
        bytes.extend(Writer::pong(7));
        let whole = Reader::new().feed(&bytes).unwrap();
        let mut reader = Reader::new();
        let single: Vec<Frame> =
            bytes.iter().flat_map(|byte| reader.feed(&[*byte]).unwrap()).collect();
        assert_eq!(whole, single);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![pair("port", "80"), pair("streamtype", "error")];
        assert_eq!(whole[0], Frame::Open { stream: 1, headers, last: false });
        assert!(matches!(&whole[1], Frame::Open { stream: 3, .. }));
        assert_eq!(whole[2], Frame::Data { stream: 3, data: b"GET".to_vec(), last: false });
        assert_eq!(whole[3], Frame::Data { stream: 3, data: Vec::new(), last: true });
        assert_eq!(whole[4], Frame::Ping { number: 7 });
    }

    #[test]
    fn what_is_not_spdy_is_refused_and_nothing_grows_without_end() {
        assert_eq!(Reader::new().feed(b"GET / HTTP/1.1\r\n\r\n"), Err(Malformed));
        assert_eq!(Reader::new().feed(&[0x80, 2, 0, 1, 0, 0, 0, 0]), Err(Malformed));
        assert_eq!(Reader::new().feed(&[0, 0, 0, 1, 0, 0xff, 0xff, 0xff]), Err(Malformed));
        let mut deflate = Compress::new(Compression::best(), true);
        deflate.set_dictionary(&dictionary::bytes()).unwrap();
        let bomb = "x".repeat(10 * HEADERS_LIMIT);
        let mut text = 1_u32.to_be_bytes().to_vec();
        text.extend(u32::try_from(bomb.len()).unwrap().to_be_bytes());
        text.extend(bomb.as_bytes());
        let mut packed = Vec::with_capacity(text.len());
        deflate.compress_vec(&text, &mut packed, FlushCompress::Sync).unwrap();
        let bomb = control(SYN_STREAM, &[&[0; 10][..], &packed].concat());
        assert_eq!(Reader::new().feed(&bomb), Err(Malformed));
    }
}
