//! What a process listens on.

/// A transport protocol, as Services and NetworkPolicies name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// `TCP`.
    Tcp,
    /// `UDP`.
    Udp,
    /// `SCTP`.
    Sctp,
}

impl Protocol {
    /// Reads the word; nothing is TCP, as everywhere in Kubernetes.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" | "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            _ => None,
        }
    }
}

/// A protocol and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    /// Protocol.
    pub protocol: Protocol,
    /// Port.
    pub port: u16,
}

impl Socket {
    /// A TCP port.
    pub fn tcp(port: u16) -> Self {
        Self { protocol: Protocol::Tcp, port }
    }
}
