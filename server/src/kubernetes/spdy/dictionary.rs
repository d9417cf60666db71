//! The dictionary of SPDY/3's header compression (draft-mbelshe-httpbis-spdy-00, section 2.6.10.1): words with
//! their lengths, then text.

const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language \
    accept-ranges age allow authorization cache-control connection content-base content-encoding content-language \
    content-length content-location content-md5 content-range content-type date etag expect expires from host \
    if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma \
    proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade \
    user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie \
    keep-alive origin";
const TEXT: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 \
    Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 \
    Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept \
    Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,\
    application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch\
    charset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/// The dictionary.
pub(super) fn bytes() -> Vec<u8> {
    let mut found = Vec::new();
    for word in WORDS.split(' ').map(|word| word.replace('_', " ")) {
        found.extend(u32::try_from(word.len()).unwrap_or_default().to_be_bytes());
        found.extend(word.as_bytes());
    }
    found.extend(TEXT.as_bytes());
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_checksum_is_the_one_that_all_peers_name() {
        let (mut a, mut b) = (1_u32, 0_u32);
        for byte in super::bytes() {
            a = (a + u32::from(byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        assert_eq!(b << 16 | a, 0xe3c6_a7c2);
    }
}
