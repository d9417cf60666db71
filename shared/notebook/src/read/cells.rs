//! Cells of `scenario.yaml`.

use super::Report;
use super::checks;
use super::fields::Fields;
use super::scenario::{FILE, Names, file};
use super::yaml::Node;
use crate::cell::{Cell, CellKind, Connection, DiagramView, Hint, Menu, MenuEntry, QuizOption};

const KINDS: &str =
    "`manifest`, `action`, `console`, `check`, `diagram`, `quiz`, `observe`, `load` or `note`";

/// The most pods of a load: a shared cluster has other guests.
const MOST_PODS: u32 = 20;

/// Reads the cells, each with its line.
pub(super) fn list(
    items: &[Node],
    names: &Names,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Vec<(Cell, u32)> {
    let mut cells: Vec<(Cell, u32)> = Vec::new();
    for item in items {
        let Some(cell) = cell(item, names, files, report) else { continue };
        if cells.iter().any(|(other, _)| other.id == cell.id) {
            let message = format!("the cell `{}` is there twice", cell.id);
            report.say(FILE, item.line, message, "a new id");
        }
        cells.push((cell, item.line));
    }
    cells
}

fn cell(
    item: &Node,
    names: &Names,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<Cell> {
    let mut fields = Fields::of(FILE, item, "a cell", report)?;
    let id = fields.text("id", report);
    let title = fields.localized("title", report);
    let persona = fields.take("persona").and_then(|node| persona(node, names, report));
    let hints = fields.list("hints", report);
    let hints = hints.iter().filter_map(|node| hint(node, names, files, report)).collect();
    // Of a cell whose kind is not known, it is not known which fields it may have either.
    let kind = kind(&mut fields, names, files, report)?;
    fields.finish(report);
    Some(Cell { id: id?, title: title?, persona, kind, hints })
}

fn persona(node: &Node, names: &Names, report: &mut Report) -> Option<String> {
    let id = super::fields::text(FILE, node, "persona", report)?;
    if !names.personas.contains(&id) {
        let known: Vec<_> = names.personas.iter().map(|id| format!("`{id}`")).collect();
        let message = format!("there is no persona `{id}`");
        report.say(FILE, node.line, message, format!("one of {}", known.join(", ")));
    }
    Some(id)
}

fn hint(
    node: &Node,
    names: &Names,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<Hint> {
    let mut fields = Fields::of(FILE, node, "a hint", report)?;
    let id = fields.text("id", report);
    let text = fields.localized("text", report);
    let mut reader = checks::Reader { names, files };
    let when = reader.list(fields.list("when", report), false, report);
    fields.finish(report);
    Some(Hint { id: id?, text: text?, when })
}

fn kind(
    fields: &mut Fields<'_>,
    names: &Names,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<CellKind> {
    let node = fields.require("type", report)?;
    let word = super::fields::text(FILE, node, "type", report)?;
    Some(match word.as_str() {
        "manifest" => manifest(fields, files, report)?,
        "action" => CellKind::Action {
            run: fields.texts("run", report),
            alternatives: named(fields, "alternatives", files, report),
        },
        "console" => CellKind::Console { suggest: fields.texts("suggest", report) },
        "check" => {
            let mut reader = checks::Reader { names, files };
            let checks = reader.list(fields.list("checks", report), true, report);
            let explanation = fields.take("explanation");
            let explanation = explanation
                .and_then(|node| super::fields::localized(FILE, node, "explanation", report));
            CellKind::Check { checks, explanation }
        }
        "diagram" => {
            let view = fields.require("view", report)?;
            CellKind::Diagram { view: diagram(view, names, report)? }
        }
        "quiz" => CellKind::Quiz { options: options(fields, report) },
        "observe" => {
            CellKind::Observe { options: options(fields, report), run: fields.texts("run", report) }
        }
        "load" => load(fields, files, report)?,
        "note" => CellKind::Note { text: fields.localized("text", report)? },
        _ => {
            report.say(FILE, node.line, format!("there is no cell type `{word}`"), KINDS);
            return None;
        }
    })
}

fn manifest(
    fields: &mut Fields<'_>,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<CellKind> {
    let text = fields.require("file", report);
    let text = text.and_then(|node| file(node, "file", files, report));
    let solution = fields.take("solution");
    let solution = solution.and_then(|node| file(node, "solution", files, report));
    let alternatives = named(fields, "alternatives", files, report);
    let delete = fields.switch("delete", report);
    let refused = fields.switch("refused", report);
    if delete && refused {
        let message = "a manifest cannot be both deleted and refused";
        report.say(FILE, fields.line(), message, "one of `delete` and `refused`");
    }
    Some(CellKind::Manifest { file: text?, solution, alternatives, delete, refused })
}

fn load(
    fields: &mut Fields<'_>,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<CellKind> {
    let line = fields.line();
    let text = fields.require("file", report);
    let text = text.and_then(|node| file(node, "file", files, report));
    let namespace = fields.text("namespace", report);
    let name = fields.text("name", report);
    let each = fields.number("each", report);
    let most = fields.number("most", report);
    let solution = fields.number("solution", report);
    let autoscaler = fields.text_or_none("autoscaler", report);
    let (each, most, solution) = (each?, most?, solution?);
    if each == 0 || most == 0 || most > MOST_PODS || solution > most {
        let message = format!("{solution} of {most} pods with {each} requests a second each");
        let expected =
            format!("`each` and `most` from 1, `most` to {MOST_PODS}, `solution` to `most`");
        report.say(FILE, line, message, expected);
    }
    Some(CellKind::Load {
        file: text?,
        namespace: namespace?,
        name: name?,
        each,
        most,
        solution,
        autoscaler,
    })
}

/// A list of files of the folder.
fn named(
    fields: &mut Fields<'_>,
    key: &'static str,
    files: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Vec<String> {
    fields.list(key, report).iter().filter_map(|node| file(node, key, files, report)).collect()
}

fn options(fields: &mut Fields<'_>, report: &mut Report) -> Vec<QuizOption> {
    let line = fields.line();
    let mut options: Vec<QuizOption> = Vec::new();
    for item in fields.list("options", report) {
        let Some(mut fields) = Fields::of(FILE, item, "an option", report) else { continue };
        let id = fields.text("id", report);
        let text = fields.localized("text", report);
        let correct = fields.switch("correct", report);
        let why = fields.localized("why", report);
        fields.finish(report);
        let (Some(id), Some(text), Some(why)) = (id, text, why) else { continue };
        if options.iter().any(|option| option.id == id) {
            report.say(FILE, item.line, format!("the option `{id}` is there twice"), "a new id");
        }
        options.push(QuizOption { id, text, correct, why });
    }
    let correct = options.iter().filter(|option| option.correct).count();
    if options.len() < 2 || correct == 0 || correct == options.len() {
        let message = format!("{} of {} options are correct", correct, options.len());
        report.say(FILE, line, message, "two or more options, at least one right and one wrong");
    }
    options
}

fn diagram(node: &Node, names: &Names, report: &mut Report) -> Option<DiagramView> {
    let mut fields = Fields::of(FILE, node, "a view", report)?;
    let show = fields.text("show", report)?;
    let view = match show.as_str() {
        "connections" => {
            let namespaces = fields.texts("namespaces", report);
            let edges = fields.list("edges", report);
            let edges = edges.iter().filter_map(|edge| connection(edge, report)).collect();
            DiagramView::Connections { namespaces, edges }
        }
        "access" => {
            let requests = fields.list("requests", report);
            let requests =
                requests.iter().filter_map(|item| checks::access(item, report)).collect();
            let mut personas = Vec::new();
            for item in fields.list("personas", report) {
                personas.extend(persona(item, names, report));
            }
            DiagramView::Access { requests, personas }
        }
        "workloads" => DiagramView::Workloads { namespaces: fields.texts("namespaces", report) },
        "rollout" => DiagramView::Rollout {
            namespace: fields.text("namespace", report)?,
            deployment: fields.text("deployment", report)?,
        },
        "autoscaler" => DiagramView::Autoscaler {
            namespace: fields.text("namespace", report)?,
            name: fields.text("name", report)?,
        },
        "machines" => DiagramView::Machines,
        "menus" => {
            let menus = fields.list("menus", report);
            DiagramView::Menus {
                menus: menus.iter().filter_map(|node| menu(node, report)).collect(),
            }
        }
        _ => {
            let expected = "`connections`, `access`, `workloads`, `rollout`, `autoscaler`, `machines` or `menus`";
            report.say(FILE, fields.line(), format!("there is no view `{show}`"), expected);
            return None;
        }
    };
    fields.finish(report);
    Some(view)
}

fn menu(node: &Node, report: &mut Report) -> Option<Menu> {
    let mut fields = Fields::of(FILE, node, "a menu", report)?;
    let title = fields.localized("title", report);
    let mut entries = Vec::new();
    for item in fields.list("entries", report) {
        let Some(mut fields) = Fields::of(FILE, item, "an entry", report) else { continue };
        let title = fields.localized("title", report);
        let run = fields.text_or_none("run", report).unwrap_or_default();
        let of = fields.text_or_none("of", report).unwrap_or_default();
        fields.finish(report);
        entries.extend(title.map(|title| MenuEntry { title, run, of }));
    }
    fields.finish(report);
    Some(Menu { title: title?, entries })
}

fn connection(node: &Node, report: &mut Report) -> Option<Connection> {
    let mut fields = Fields::of(FILE, node, "a connection", report)?;
    let found = checks::connection(&mut fields, report);
    fields.finish(report);
    found
}
