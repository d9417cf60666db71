//! Clients that do not keep to what clients do, over real sockets.

use std::net::Ipv4Addr;

use cluster::{Cluster, ClusterConfig, Controllers};
use session::embedded::Embedded;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::kubernetes::{Api, RealTime};

/// A served API server without controllers, for whoever knows its address.
async fn served() -> SocketAddr {
    let cluster = Cluster::new(ClusterConfig {
        seed: 1,
        epoch: jiff::Timestamp::UNIX_EPOCH,
        nodes: 0,
        controllers: Controllers::None,
        admin_token: "secret".to_owned(),
        extra_tokens: Vec::new(),
    });
    let api = Api::trusting(Arc::new(RealTime::new(Arc::new(Embedded::new(cluster)))));
    let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, None, api.router(), std::future::pending()));
    address
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn create(number: usize) -> String {
    let body = format!(
        r#"{{"metadata": {{"name": "map-{number}"}}, "data": {{"text": "{}"}}}}"#,
        "x".repeat(4096)
    );
    format!(
        "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request a byte a second, in time that passes by itself, until the server answers or has enough.
async fn drip(address: SocketAddr, text: &str) -> (usize, String) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    let mut sent = 0;
    let read = reader.read_to_end(&mut answer);
    let write = async {
        for byte in text.bytes() {
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
            sent += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        // A connection that is reset has ended as well.
        _ended = read => {}
        () = write => {}
    }
    (sent, String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_a_byte_a_second_is_sent_away() {
    let address = served().await;
    let (sent, answer) = drip(address, &format!("GET /{} HTTP/1.1\r\n", "x".repeat(1000))).await;
    assert!((30..40).contains(&sent), "{sent} bytes, {answer}");
    let head = "POST /api/v1/namespaces HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let slow = tokio::spawn(async move {
        for _ in 0..1000 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if writer.write_all(b" ").await.is_err() {
                return;
            }
        }
    });
    let mut answer = vec![0; 4096];
    let count = reader.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    slow.abort();
}

/// Resident memory in bytes.
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watches_that_never_read_cost_others_nothing() {
    const WRITES: usize = 100;
    let address = served().await;
    let watch = "GET /api/v1/configmaps?watch=true HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut idle = Vec::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(watch.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let mut reading = TcpStream::connect(address).await.unwrap();
    reading.write_all(watch.as_bytes()).await.unwrap();
    let before = memory();
    let writes = async {
        for number in 0..WRITES {
            let answer = ask(address, &create(number)).await;
            assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        }
    };
    let last = format!("map-{}", WRITES - 1);
    let reads = async {
        let (mut text, mut chunk) = (String::new(), vec![0; 64 * 1024]);
        while !text.contains(&last) {
            let count = reading.read(&mut chunk).await.unwrap();
            assert_ne!(count, 0, "the watch ended");
            text.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    };
    tokio::join!(writes, reads);
    // What is written once, and what waits for each of those who do not read.
    let limit = 1000 * 2 * UNSENT + 64 * 1024 * 1024;
    let grown = memory().saturating_sub(before);
    assert!(grown < limit, "{grown} bytes more for 1000 watches, at most {limit}");
    drop(idle);
}
