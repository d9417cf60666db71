//! `kubectl set env`.

use serde_json::{Value, json};

use super::create::named;
use super::set::{change, template_mut, template_path, with_variable};
use crate::failure::{Failure, Outcome};
use crate::select::Wanted;
use crate::session::Session;
use crate::value::{Reading as _, append, remove};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let is_change = |word: &String| word.contains('=') || word.ends_with('-');
    let (mut changes, resources): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(is_change);
    changes.extend(session.flags.all("env").to_vec());
    if resources.is_empty() && session.flags.all("filename").is_empty() {
        return Err(Failure::message(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if session.flags.is("list") {
        return list(session, &resources).await;
    }
    let mut variables: Vec<(String, Option<Value>)> = imported(session).await?;
    for word in &changes {
        match word.split_once('=') {
            Some((name, value)) => {
                variables.push((name.to_owned(), Some(json!({"name": name, "value": value}))));
            }
            None => variables.push((word.trim_end_matches('-').to_owned(), None)),
        }
    }
    if variables.is_empty() {
        return Err(Failure::message("at least one environment variable must be provided"));
    }
    let wanted = session.flags.text("containers").to_owned();
    let overwrite = session.flags.is("overwrite");
    change(session, &resources, "env updated", |template| {
        edit(template, &wanted, overwrite, &variables)
    })
    .await
}

/// Variables of `--from`: one for every key.
async fn imported(session: &mut Session<'_>) -> Outcome<Vec<(String, Option<Value>)>> {
    let from = session.flags.text("from").to_owned();
    if from.is_empty() {
        return Ok(Vec::new());
    }
    let infos = session.objects(&[from], Wanted::default()).await?;
    let keys = session.flags.all("keys").to_vec();
    let prefix = session.flags.text("prefix").to_owned();
    let mut variables = Vec::new();
    for info in infos {
        let reference = match info.resource.kind.as_str() {
            "ConfigMap" => "configMapKeyRef",
            "Secret" => "secretKeyRef",
            other => {
                return Err(Failure::message(format!(
                    "unsupported resource specified in --from: {other}"
                )));
            }
        };
        for (key, _) in info.object.entries("data") {
            if !keys.is_empty() && !keys.iter().any(|wanted| wanted == key) {
                continue;
            }
            let upper: String = key
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect();
            let name = format!("{prefix}{upper}");
            let value =
                json!({"name": name, "valueFrom": {reference: {"key": key, "name": info.name}}});
            variables.push((name, Some(value)));
        }
    }
    Ok(variables)
}

fn edit(
    template: &mut Value,
    wanted: &str,
    overwrite: bool,
    variables: &[(String, Option<Value>)],
) -> Outcome {
    let names: Vec<&str> = wanted.split(',').collect();
    let Some(containers) = template
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("containers"))
        .and_then(Value::as_array_mut)
    else {
        return Ok(());
    };
    let mut found = false;
    for container in containers {
        if wanted != "*" && !names.contains(&container.text("name")) {
            continue;
        }
        found = true;
        for (name, value) in variables {
            let known = container.list("env").iter().any(|variable| variable.text("name") == name);
            if known && value.is_some() && !overwrite {
                let value = value.as_ref().map_or("", |value| value.text("value"));
                return Err(Failure::message(format!(
                    "'{name}' already has a value ({value}), and --overwrite is false"
                )));
            }
            with_variable(container, name, value.clone());
        }
        // What Go's type leaves out when it is empty.
        if container.list("env").is_empty() {
            remove(container, &["env"]);
        }
    }
    if found {
        Ok(())
    } else {
        Err(Failure::message(format!(
            "does not have any containers matching {}",
            crate::failure::go_quote(wanted)
        )))
    }
}

async fn list(session: &mut Session<'_>, resources: &[String]) -> Outcome {
    let mut said = String::new();
    for info in named(session, resources).await? {
        let mut object = info.object.clone();
        let Some(template) =
            template_path(&info.resource.kind).and_then(|path| template_mut(&mut object, path))
        else {
            continue;
        };
        for field in ["containers", "initContainers"] {
            for container in template.list(&format!("spec.{field}")) {
                append(
                    &mut said,
                    format_args!(
                        "# {} {}, container {}\n",
                        info.resource.kind,
                        info.name,
                        container.text("name")
                    ),
                );
                for variable in container.list("env") {
                    said.push_str(&shown(variable));
                }
            }
        }
    }
    session.say(&said);
    Ok(())
}

fn shown(variable: &Value) -> String {
    let name = variable.text("name");
    let Some(from) = variable.at("valueFrom") else {
        return format!("{name}={}\n", variable.text("value"));
    };
    if from.has("configMapKeyRef") {
        format!(
            "# {name} from configmap {}, key {}\n",
            from.text("configMapKeyRef.name"),
            from.text("configMapKeyRef.key")
        )
    } else if from.has("secretKeyRef") {
        format!(
            "# {name} from secret {}, key {}\n",
            from.text("secretKeyRef.name"),
            from.text("secretKeyRef.key")
        )
    } else if from.has("fieldRef") {
        format!("# {name} from field path {}\n", from.text("fieldRef.fieldPath"))
    } else {
        format!("# {name} from resource field {}\n", from.text("resourceFieldRef.resource"))
    }
}
