//! Admission webhooks outside of an embedded cluster: the cluster says whom it wants to ask, this program asks
//! (`apiserver/pkg/util/webhook/client.go`), and tells failures as Go does.

use std::io;
use std::sync::Arc;

use apimachinery::engine::EngineAnswer;
use apimachinery::outgoing::{Answers, Incoming, Outgoing, Returned};
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use session::embedded::EmbeddedCluster;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How often a request may come again because of what others changed meanwhile, beside once for every answer.
const MOST_CALLS: usize = 1000;
/// What is asked about although it changes nothing.
const CONNECTIONS: [&str; 4] = ["attach", "exec", "portforward", "proxy"];
/// The longest answer that is read.
const LONGEST_ANSWER: usize = 8 << 20;

/// Lets a cluster answer a request, with all that it has to ask for it.
pub(crate) async fn handle(
    cluster: &Arc<dyn EmbeddedCluster>,
    mut request: http::Request<Vec<u8>>,
) -> EngineAnswer {
    let mut answers = Vec::new();
    loop {
        let connects = || request.uri().path().split('/').any(|part| CONNECTIONS.contains(&part));
        let asks = request.method() != http::Method::GET || connects();
        let again = asks.then(|| request.clone());
        let answer = cluster.handle(request);
        let EngineAnswer::Full(mut response) = answer else { return answer };
        let outgoing = response.extensions_mut().remove::<Outgoing>();
        let (Some(outgoing), Some(again)) = (outgoing, again) else {
            return EngineAnswer::Full(response);
        };
        if answers.len() >= MOST_CALLS {
            return EngineAnswer::Full(response);
        }
        let returned = call(&outgoing).await;
        answers.push(Incoming { outgoing, returned });
        request = again;
        request.extensions_mut().insert(Answers(answers.clone().into()));
    }
}

/// Makes the call that time waits for, if it waits for one; says whether it did.
pub(crate) async fn answer_time(cluster: &Arc<dyn EmbeddedCluster>) -> bool {
    let Some(outgoing) = cluster.outgoing() else { return false };
    let returned = call(&outgoing).await;
    cluster.returned(Incoming { outgoing, returned });
    true
}

/// Makes a call.
async fn call(outgoing: &Outgoing) -> Returned {
    match tokio::time::timeout(outgoing.patience, post(outgoing)).await {
        Ok(returned) => returned,
        Err(_elapsed) => Err("context deadline exceeded".to_owned()),
    }
}

async fn post(outgoing: &Outgoing) -> Returned {
    let dial = |error: io::Error| match (error.kind(), outgoing.address.rsplit_once(':')) {
        (io::ErrorKind::ConnectionRefused, _) => {
            format!("dial tcp {}: connect: connection refused", outgoing.address)
        }
        (_, Some((host, _))) if error.raw_os_error().is_none() => {
            format!("dial tcp: lookup {host}: no such host")
        }
        _ => format!("dial tcp {}: {error}", outgoing.address),
    };
    let socket = TcpStream::connect(&outgoing.address).await.map_err(dial)?;
    let name = ServerName::try_from(outgoing.server_name.clone())
        .map_err(|error| format!("tls: {error}"))?;
    let connector = TlsConnector::from(Arc::new(trusting(&outgoing.authorities)?));
    let tls = connector.connect(name, socket).await.map_err(|error| handshake(outgoing, &error))?;
    let lost = |error: hyper::Error| {
        if error.is_incomplete_message() { "EOF".to_owned() } else { error.to_string() }
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(tls)).await.map_err(lost)?;
    let driver = tokio::spawn(connection);
    let target = outgoing.url.strip_prefix("https://").unwrap_or(&outgoing.url);
    let (authority, path) = target.split_once('/').unwrap_or((target, ""));
    let request = http::Request::post(format!("/{path}"))
        .header(HOST, authority)
        .header(ACCEPT, "application/json, */*")
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "kube-apiserver-admission")
        .body(Full::new(Bytes::from(outgoing.body())))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(lost)?;
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let body = Limited::new(body, LONGEST_ANSWER).collect().await;
    driver.abort();
    let body = body.map_err(|_too_long_or_cut| "unexpected EOF".to_owned())?;
    Ok((parts.status.as_u16(), kind.to_owned(), body.to_bytes().to_vec()))
}

/// Trusts these authorities, or those of the system.
fn trusting(authorities: &[u8]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if authorities.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(authorities).flatten());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What Go says of a handshake that fails.
fn handshake(outgoing: &Outgoing, error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let failed = "tls: failed to verify certificate: x509";
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            format!("{failed}: certificate signed by unknown authority")
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) => format!("{failed}: {}", misnamed(&outgoing.server_name, presented)),
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => format!("{failed}: certificate has expired or is not yet valid"),
        Some(rustls::Error::InvalidMessage(_)) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        Some(inner) => format!("tls: {inner}"),
        None => error.to_string(),
    }
}

/// `x509.HostnameError`: a certificate has other names, or none of the kind that is wanted.
fn misnamed(wanted: &str, presented: &[String]) -> String {
    let address = wanted.parse::<std::net::IpAddr>().is_ok();
    let kind = if address { "IpAddress(" } else { "DnsName(" };
    let names = presented.iter().filter_map(|one| one.strip_prefix(kind));
    let names: Vec<&str> = names.map(|name| name.trim_matches(['"', ')'])).collect();
    match (names.is_empty(), address) {
        (false, _) => format!("certificate is valid for {}, not {wanted}", names.join(", ")),
        (true, false) => {
            format!("certificate is not valid for any names, but wanted to match {wanted}")
        }
        (true, true) => format!(
            "cannot validate certificate for {wanted} because it doesn't contain any IP SANs"
        ),
    }
}
