//! Certificate signing requests (PKCS#10, RFC 2986) as far as Kubernetes looks at them: who is named, and what for.
//! Whether the signature is right is found out by whoever signs.

mod der;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::der::Reader;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
/// 1.2.840.113549.1.9.14.
const EXTENSIONS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CertificateRequest {
    pub(crate) common_name: String,
    pub(crate) organizations: Vec<String>,
    pub(crate) dns_names: usize,
    pub(crate) addresses: usize,
    pub(crate) emails: usize,
    pub(crate) uris: usize,
}

/// The bytes of the first block of a PEM text with this name.
fn block(pem: &str, name: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {name}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {name}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

/// Reads the content of `spec.request` as it stands in JSON, in the words of
/// `pkg/apis/certificates/helpers.go ParseCSR`.
pub(crate) fn read(encoded: &str) -> Result<CertificateRequest, String> {
    let wrong = || "PEM block type must be CERTIFICATE REQUEST".to_owned();
    let pem = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let bytes = block(&pem.ok_or_else(wrong)?, "CERTIFICATE REQUEST").ok_or_else(wrong)?;
    parse(&bytes).ok_or_else(|| "asn1: syntax error: data truncated".to_owned())
}

/// Whether a text (as it stands in JSON) consists of certificates.
pub(crate) fn check_certificates(encoded: &str) -> Result<(), String> {
    let none = || "must contain at least one CERTIFICATE PEM block".to_owned();
    let pem = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pem = pem.ok_or_else(none)?;
    let names = pem.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split_once("-----"));
    let mut found = false;
    for (name, _) in names {
        if name != "CERTIFICATE" {
            return Err(format!("only CERTIFICATE PEM blocks are allowed, found {name:?}"));
        }
        found = true;
    }
    if found { Ok(()) } else { Err(none()) }
}

fn parse(bytes: &[u8]) -> Option<CertificateRequest> {
    let mut found = CertificateRequest::default();
    let mut info = Reader::new(bytes).sequence()?.sequence()?;
    info.integer()?;
    read_subject(info.sequence()?, &mut found)?;
    info.sequence()?;
    if let Some(mut attributes) = info.tagged(0xa0) {
        while let Some(mut attribute) = attributes.sequence() {
            if attribute.object()? == EXTENSIONS {
                read_extensions(attribute.set()?.sequence()?, &mut found)?;
            }
        }
    }
    Some(found)
}

fn read_subject(mut names: Reader<'_>, found: &mut CertificateRequest) -> Option<()> {
    while let Some(mut set) = names.set() {
        while let Some(mut pair) = set.sequence() {
            let kind = pair.object()?;
            let value = String::from_utf8_lossy(pair.any()?.1).into_owned();
            if kind == COMMON_NAME {
                found.common_name = value;
            } else if kind == ORGANIZATION {
                found.organizations.push(value);
            }
        }
    }
    Some(())
}

fn read_extensions(mut all: Reader<'_>, found: &mut CertificateRequest) -> Option<()> {
    while let Some(mut extension) = all.sequence() {
        if extension.object()? != ALTERNATIVE_NAMES {
            continue;
        }
        // Whether it is critical, when that is said.
        extension.tagged(0x01);
        let mut names = Reader::new(extension.any()?.1).sequence()?;
        while let Some((tag, _)) = names.any() {
            match tag & 0x1f {
                1 => found.emails += 1,
                2 => found.dns_names += 1,
                6 => found.uris += 1,
                7 => found.addresses += 1,
                _ => {}
            }
        }
    }
    Some(())
}
