//! The network as processes of a pod meet it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Machine;
use super::faults::Faults;
use super::serve::{Asked, Disks, Served, listener, reply, server};
use super::work::Ledger;
use crate::fields;
use crate::network::{Dial, Outcome, Reason, Socket, Wires, address, connect};
use crate::shell::{Answer, Dialed, Network};
use crate::store::Store;

/// Who listens where, and which cables are cut.
pub(crate) struct Plugged<'a> {
    pub(crate) ports: &'a BTreeMap<String, Vec<Socket>>,
    pub(crate) faults: &'a Faults,
}

impl Wires for Plugged<'_> {
    fn listens(&self, pod: &Value, socket: Socket) -> bool {
        self.ports.get(&full_name(pod)).is_some_and(|sockets| sockets.contains(&socket))
    }

    fn severed(&self, pod: &Value) -> Option<Reason> {
        self.faults.severed(pod)
    }
}

/// Its queue of connections is full.
struct Overloaded;

/// The network of one pod during a step.
pub(crate) struct PodNetwork<'a> {
    pub(crate) store: &'a Store,
    pub(crate) pod: &'a Value,
    pub(crate) now: Timestamp,
    /// The pod that makes the step, when it serves anything.
    pub(crate) own: Option<&'a Machine>,
    /// All other pods.
    pub(crate) others: &'a BTreeMap<String, Arc<Machine>>,
    /// The ports on which each pod listens.
    pub(crate) ports: &'a BTreeMap<String, Vec<Socket>>,
    /// What is broken.
    pub(crate) faults: &'a Faults,
    /// What is on disks.
    pub(crate) disks: &'a Disks,
    /// What answers take of CPUs.
    pub(crate) work: &'a mut Ledger,
    pub(crate) served: Vec<Served>,
    /// How many connections this step has made: no two of them take the same endpoint by rule.
    pub(crate) connections: u32,
}

/// `namespace/name`.
pub(crate) fn full_name(pod: &Value) -> String {
    format!("{}/{}", fields::namespace(pod), fields::name(pod))
}

impl PodNetwork<'_> {
    /// The answer, if the listener understands the request; an error when it is too busy to give one.
    fn answer(
        &mut self,
        target: &Value,
        port: u16,
        (method, path, agent): (&str, &str, &str),
    ) -> Result<Option<Answer>, Overloaded> {
        let key = full_name(target);
        let machine = if key == full_name(self.pod) {
            self.own
        } else {
            self.others.get(&key).map(Arc::as_ref)
        };
        let found =
            machine.and_then(|machine| Some((machine, listener(target, machine, port, self.now)?)));
        let Some((machine, (spec, container))) = found else { return Ok(None) };
        let from = fields::text(self.pod, "/status/podIP");
        let asked = Asked { method, path, agent, from, now: self.now };
        let Some(mut reply) = reply(self.disks, target, machine, (spec, container), asked) else {
            return Ok(None);
        };
        let busy = server(&key, &machine.node, (spec, container));
        reply.answer.after = self.work.serve(busy, self.now).ok_or(Overloaded)?;
        let container = fields::text(spec, "/name").to_owned();
        self.served.push(Served { pod: key, container, line: reply.line, file: reply.file });
        Ok(Some(reply.answer))
    }
}

impl Network for PodNetwork<'_> {
    fn dial(&mut self, host: &str, port: u16, request: Option<(&str, &str, &str)>) -> Dialed {
        let wires = Plugged { ports: self.ports, faults: self.faults };
        let own = fields::text(self.pod, "/status/podIP").to_owned();
        // Behind the loopback address stands the pod itself.
        let loops = matches!(host, "localhost" | "127.0.0.1") && !own.is_empty();
        let host = if loops { own.as_str() } else { host };
        self.connections += 1;
        let pick =
            crate::rng::hash(&format!("{}{}{}", self.now, fields::uid(self.pod), self.connections))
                >> 7;
        let dial = Dial { source: self.pod, host, port, protocol: "TCP", pick };
        let mut verdict = connect(self.store, dial, &wires);
        if loops {
            "127.0.0.1".clone_into(&mut verdict.address);
        }
        if verdict.reason.code == "connect-dns-blocked" {
            return Dialed::NoDns;
        }
        match (verdict.outcome, verdict.target) {
            (Outcome::UnknownHost, _) => Dialed::NoName,
            (Outcome::Refused, _) => Dialed::Refused(verdict.address),
            (Outcome::Allowed, Some((pod, port))) => {
                let answer = request.map(|request| self.answer(&pod, port, request));
                match answer.unwrap_or(Ok(None)) {
                    Ok(answer) => Dialed::Open(verdict.address, answer),
                    Err(Overloaded) => Dialed::Silent(verdict.address),
                }
            }
            (Outcome::Allowed | Outcome::Blocked, _) => Dialed::Silent(verdict.address),
        }
    }

    fn lookup(&mut self, host: &str) -> Result<(String, Vec<String>), bool> {
        let namespace = fields::namespace(self.pod);
        if matches!(self.dial(host, 53, None), Dialed::NoDns) {
            return Err(true);
        }
        let found = address::resolve_all(self.store, namespace, host);
        if found.is_empty() {
            return Err(false);
        }
        let searched = format!("{host}.{namespace}.svc.cluster.local");
        let name = if host.ends_with(".cluster.local") || address::is_address(host) {
            host.to_owned()
        } else if address::resolve(self.store, "", &searched).is_some() {
            searched
        } else {
            format!("{host}.svc.cluster.local")
        };
        Ok((name, found))
    }
}
