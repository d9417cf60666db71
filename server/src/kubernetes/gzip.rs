//! gzip for large answers, as `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go`:
//! only when asked, never for streams.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderValue, Response};

/// `defaultGzipThresholdBytes`.
const THRESHOLD: usize = 128 * 1024;

/// Whether the client takes gzip.
pub(super) fn wanted(accept_encoding: Option<&HeaderValue>) -> bool {
    let value = accept_encoding.and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && parts.all(|parameter| parameter != "q=0")
    })
}

/// The answer, compressed when that is worth while.
pub(super) fn compress(response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    if response.body().len() <= THRESHOLD || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(&body).and_then(|()| encoder.finish());
    match compressed {
        Ok(compressed) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, compressed)
        }
        Err(_impossible) => Response::from_parts(parts, body),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn only_large_answers_are_compressed() {
        let small = compress(Response::new(b"small".to_vec()));
        assert!(!small.headers().contains_key(CONTENT_ENCODING));
        let text = "large ".repeat(THRESHOLD);
        let large = compress(Response::new(text.clone().into_bytes()));
        assert_eq!(large.headers()[CONTENT_ENCODING], "gzip");
        let mut read = String::new();
        flate2::read::GzDecoder::new(large.body().as_slice()).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn gzip_is_wanted_only_by_those_who_say_so() {
        let wanted = |value: &'static str| wanted(Some(&HeaderValue::from_static(value)));
        assert!(wanted("gzip") && wanted("br, gzip;q=0.5"));
        assert!(!wanted("br") && !wanted("gzip;q=0"));
    }
}
