//! A certificate authority for one run of `podium cluster`: a server certificate, and a client
//! certificate for the administrator.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::authority::Authority;
use crate::error::Failure;

/// What the API server is called, from outside and in pods (the Service `kubernetes`).
const NAMES: [&str; 8] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.1",
];

/// What a kubeconfig and a listener need.
pub(crate) struct Certificates {
    /// The authority, PEM.
    pub(crate) authority: String,
    /// The administrator's certificate, PEM.
    pub(crate) client: String,
    /// The administrator's key, PEM.
    pub(crate) client_key: String,
    /// The administrator's certificate as it arrives in a handshake.
    pub(crate) client_der: CertificateDer<'static>,
    /// TLS for the listener: HTTP/2 and HTTP/1.1, client certificates welcome.
    pub(crate) tls: Arc<ServerConfig>,
    /// Signs further ones.
    pub(crate) signer: Arc<Authority>,
}

/// Further authorities of clients.
#[derive(Default)]
pub(crate) struct Others {
    certificates: Vec<CertificateDer<'static>>,
    /// Their certificates, PEM.
    pub(crate) text: String,
}

impl Others {
    /// Reads a file of certificates.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| {
            Failure::usage(
                format!("{} holds no authorities of clients ({why})", file.display()),
                "name a file of certificates in PEM with --client-ca-file",
            )
        };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(error.to_string()))?;
        if certificates.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
        Ok(Self { certificates, text })
    }
}

impl Certificates {
    /// Makes them for a server at an address, which also lets in whom other authorities vouch for.
    pub(crate) fn new(address: IpAddr, others: &Others) -> Result<Self, Failure> {
        Self::issue(address, others).map_err(|error| {
            Failure::surroundings(
                format!("the certificates cannot be made ({error})"),
                "check the clock and the random numbers of this machine",
            )
        })
    }

    fn issue(address: IpAddr, others: &Others) -> Result<Self, Box<dyn std::error::Error>> {
        let authority_key = KeyPair::generate()?;
        let mut authority = named("podium-ca", None)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
        if !address.is_unspecified() && !address.is_loopback() {
            names.push(address.to_string());
        }
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server_key = KeyPair::generate()?;
        let server = server.signed_by(&server_key, &issuer)?;

        let mut client = named("kubernetes-admin", Some("system:masters"))?;
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate()?;
        let client = client.signed_by(&client_key, &issuer)?;

        let server_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let signer = Arc::new(Authority { issuer, certificate: authority_certificate.pem() });
        let mut authorities = vec![authority_certificate.der().clone()];
        authorities.extend_from_slice(&others.certificates);
        let chain = vec![server.der().clone(), authority_certificate.der().clone()];
        let tls = tls(authorities, chain, server_key)?;
        Ok(Self {
            authority: authority_certificate.pem(),
            client: client.pem(),
            client_key: client_key.serialize_pem(),
            client_der: client.der().clone(),
            tls,
            signer,
        })
    }
}

fn named(name: &str, organization: Option<&str>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    if let Some(organization) = organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn tls(
    authorities: Vec<CertificateDer<'static>>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority)?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
