//! The certificate authority of a cluster after its start: signs what the cluster approves, and reads from a
//! certificate who holds it.

use std::time::Duration;

use apimachinery::identity::Identity;
use cluster::signer::{Signer, Wish};
use rcgen::{
    CertificateSigningRequestParams, DistinguishedName, ExtendedKeyUsagePurpose as Purpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose as Usage, SanType,
};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// An authority.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub(crate) certificate: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Signer for Authority {
    fn sign(&self, wish: &Wish<'_>) -> Result<String, String> {
        let words = |error: rcgen::Error| format!("unable to sign the request: {error}");
        let request = CertificateSigningRequestParams::from_pem(wish.request).map_err(words)?;
        let CertificateSigningRequestParams { params: asked, public_key } = request;
        if !has_one_of_each(wish.request) {
            // rcgen would keep the last value of a kind and leave out the others without a word.
            return Err("this cluster signs no subject with several values of one kind".to_owned());
        }
        let mut params = rcgen::CertificateParams::default();
        // Of the request only whom it names: the rest is what Kubernetes says.
        let (name, others): (DistinguishedName, Vec<SanType>) =
            (asked.distinguished_name, asked.subject_alt_names);
        params.distinguished_name = name;
        params.subject_alt_names = others;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = wish.usages.iter().filter_map(|name| usage(name)).collect();
        params.extended_key_usages = wish.usages.iter().filter_map(|name| purpose(name)).collect();
        // The only way to a time that rcgen offers.
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(wish.from);
        params.not_after = epoch + since_epoch(wish.until);
        params.use_authority_key_identifier_extension = true;
        let signed = CertificateSigningRequestParams { params, public_key };
        signed.signed_by(&self.issuer).map(|certificate| certificate.pem()).map_err(words)
    }

    fn authority(&self) -> String {
        self.certificate.clone()
    }
}

/// Whether a subject names each kind of attribute once.
fn has_one_of_each(request: &str) -> bool {
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(request.as_bytes()) else { return false };
    let Ok((_, read)) = X509CertificationRequest::from_der(&pem.contents) else { return false };
    let attributes = read.certification_request_info.subject.iter_attributes();
    let kinds: Vec<String> = attributes.map(|one| one.attr_type().to_id_string()).collect();
    kinds.iter().enumerate().all(|(index, kind)| !kinds.iter().take(index).any(|it| it == kind))
}

fn since_epoch(time: jiff::Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0))
}

/// `k8s.io/client-go/util/certificate/csr` and `pkg/apis/certificates/v1/types.go`.
fn usage(name: &str) -> Option<Usage> {
    Some(match name {
        "signing" | "digital signature" => Usage::DigitalSignature,
        "content commitment" => Usage::ContentCommitment,
        "key encipherment" => Usage::KeyEncipherment,
        "key agreement" => Usage::KeyAgreement,
        "data encipherment" => Usage::DataEncipherment,
        "cert sign" => Usage::KeyCertSign,
        "crl sign" => Usage::CrlSign,
        "encipher only" => Usage::EncipherOnly,
        "decipher only" => Usage::DecipherOnly,
        _ => return None,
    })
}

fn purpose(name: &str) -> Option<Purpose> {
    Some(match name {
        "any" => Purpose::Any,
        "server auth" => Purpose::ServerAuth,
        "client auth" => Purpose::ClientAuth,
        "code signing" => Purpose::CodeSigning,
        "email protection" | "s/mime" => Purpose::EmailProtection,
        "timestamping" => Purpose::TimeStamping,
        "ocsp signing" => Purpose::OcspSigning,
        _ => return None,
    })
}

/// Whom a certificate names (`apiserver/pkg/authentication/request/x509/x509.go CommonNameUserConversion`); nobody
/// without a common name.
pub(crate) fn holder(certificate: &CertificateDer<'_>) -> Option<Identity> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    let text = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        attribute.as_str().ok().map(str::to_owned)
    };
    let name = read.subject().iter_common_name().last().and_then(text)?;
    let groups: Vec<String> = read.subject().iter_organization().filter_map(text).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let digest = Sha256::digest(certificate.as_ref());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut identity = Identity::user(&name, &groups);
    let key = "authentication.kubernetes.io/credential-id".to_owned();
    identity.extra.insert(key, vec![format!("X509SHA256={digest}")]);
    Some(identity)
}

#[cfg(test)]
mod tests {
    use cluster::signer::{Signer as _, Wish};
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    use super::{Authority, holder};

    fn request(key: &KeyPair) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, "devs");
        params.distinguished_name.push(DnType::CommonName, "jane");
        params.serialize_request(key).unwrap().pem().unwrap()
    }

    fn authority() -> Authority {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::default();
        let certificate = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    fn sign(request: &str) -> Result<String, String> {
        let from = jiff::Timestamp::from_second(1_790_000_000).unwrap();
        let until = jiff::Timestamp::from_second(1_790_003_600).unwrap();
        let usages = ["client auth".to_owned(), "digital signature".to_owned()];
        authority().sign(&Wish { request, usages: &usages, from, until })
    }

    #[test]
    fn a_certificate_names_whom_its_request_named() {
        let signed = sign(&request(&KeyPair::generate().unwrap())).unwrap();
        let der = rustls_pem(&signed);
        let (_, read) = x509_parser::parse_x509_certificate(&der).unwrap();
        assert_eq!(read.validity().not_after.timestamp(), 1_790_003_600);
        let who = holder(&der).unwrap();
        assert_eq!(
            (who.username.as_str(), who.groups.join(" ").as_str()),
            ("jane", "devs system:authenticated")
        );
    }

    /// The subject `O=devs, O=ops, CN=jane`, as `openssl` writes it.
    const TWO: &str = include_str!("../tests/two-organizations.csr");

    #[test]
    fn no_organization_is_lost_without_a_word() {
        let refused = sign(TWO).unwrap_err();
        assert_eq!(refused, "this cluster signs no subject with several values of one kind");
    }

    fn rustls_pem(pem: &str) -> rustls::pki_types::CertificateDer<'static> {
        use rustls::pki_types::pem::PemObject as _;
        rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    #[test]
    fn a_request_that_somebody_changed_is_not_signed() {
        let original = request(&KeyPair::generate().unwrap());
        let mut lines: Vec<String> = original.lines().map(str::to_owned).collect();
        lines[2] = lines[2].chars().rev().collect();
        assert!(sign(&lines.join("\n")).unwrap_err().starts_with("unable to sign the request"));
    }
}
