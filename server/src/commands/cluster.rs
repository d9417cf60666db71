//! `podium cluster`: one embedded cluster as a Kubernetes API, in real time.

use std::sync::Arc;

use cluster::addon::Addon;
use cluster::apiserver::audit::Sink;
use cluster::signer::Signer;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use session::embedded::Embedded;

use super::{asked_to_stop, say};
use crate::audit_log::AuditLog;
use crate::certificates::{Certificates, Others};
use crate::cli;
use crate::error::Failure;
use crate::kubeconfig::{Kubeconfig, write_private};
use crate::kubernetes::{Api, RealTime};
use crate::system::with_language;
use crate::token_keys::Keys;
use crate::{listen, random};

/// Serves until it is asked to stop.
pub async fn run(arguments: cli::Cluster) -> Result<(), Failure> {
    let controllers = controllers(&arguments.controllers)?;
    let listener = listen::bind(arguments.listen).await?;
    let address = listener.local_addr().unwrap_or(arguments.listen);
    let others = arguments.client_ca_file.as_deref().map(Others::read).transpose()?;
    let others = others.unwrap_or_default();
    let certificates = Certificates::new(address.ip(), &others)?;
    let token = random::token()?;
    let reachable = if address.ip().is_unspecified() {
        format!("https://127.0.0.1:{}", address.port())
    } else {
        format!("https://{address}")
    };
    let keys = Keys::new(
        &reachable,
        arguments.service_account_signing_key_file.as_deref(),
        &arguments.service_account_key_file,
    )?;
    let mut system = with_language(system(&arguments)?);
    if let Some(file) = &arguments.audit_log {
        system.audit = Some(AuditLog::open(file)? as Arc<dyn Sink>);
    }
    system.signer = Some(Arc::clone(&certificates.signer) as Arc<dyn Signer>);
    system.tokens = Some(Arc::new(keys));
    system.authority = format!("{}{}", certificates.authority, others.text);
    system.calls = true;
    let config = ClusterConfig {
        seed: arguments.seed,
        epoch: jiff::Timestamp::now(),
        // The plain profile has the machines of a session.
        nodes: if arguments.profile.is_some() { 3 } else { arguments.nodes },
        controllers,
        admin_token: token.clone(),
        extra_tokens: Vec::new(),
    };
    let cluster = Cluster::furnished(config, system);
    let real_time = RealTime::new(Arc::new(Embedded::new(cluster)));
    let kubeconfig = Kubeconfig {
        name: "podium",
        server: &reachable,
        token: &token,
        tls: Some((&certificates.authority, &certificates.client, &certificates.client_key)),
    };
    write_private(&arguments.write_kubeconfig, &kubeconfig.text())?;
    let api = Api::new(Arc::new(real_time.clone()), Some(certificates.client_der.clone()));
    let server = listen::serve(listener, Some(certificates.tls), api.router(), asked_to_stop());
    say("ready")?;
    tokio::select! {
        () = server => Ok(()),
        () = real_time.drive() => Ok(()),
    }
}

/// What the cluster has beside Kubernetes.
fn system(arguments: &cli::Cluster) -> Result<System, Failure> {
    let mut system = match &arguments.profile {
        None => System::default(),
        Some(name) => addons::profile(name).ok_or_else(|| {
            Failure::usage(
                format!("there is no profile {name}"),
                format!("choose from {}", addons::PROFILES.join(", ")),
            )
        })?,
    };
    for addon in addons(&arguments.addons)? {
        if system.addons.iter().all(|known| known.name() != addon.name()) {
            system.addons.push(addon);
        }
    }
    Ok(system)
}

fn addons(names: &[String]) -> Result<Vec<Arc<dyn Addon>>, Failure> {
    let find = |name: &String| {
        addons::named(name).ok_or_else(|| {
            Failure::usage(
                format!("there is no add-on {name}"),
                format!("choose from {}", addons::NAMES.join(", ")),
            )
        })
    };
    names.iter().map(find).collect()
}

fn controllers(named: &[String]) -> Result<Controllers, Failure> {
    match named {
        [] => Ok(Controllers::All),
        [one] if one == "none" => Ok(Controllers::None),
        names if names.iter().any(|name| name == "none" || name.is_empty()) => Err(Failure::usage(
            "--controllers takes names separated by commas, or `none` alone",
            "see `podium cluster --help`",
        )),
        names => Controllers::listed(names).map_err(|unknown| {
            Failure::usage(
                format!("{unknown:?} is not in the list of known controllers"),
                format!("choose from {}", Controllers::names().join(", ")),
            )
        }),
    }
}
