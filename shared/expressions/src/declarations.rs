//! The table of functions, read from text.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::types::Type;

const TABLE: &str = include_str!("functions.txt");

/// One way to call a function.
#[derive(Debug)]
pub(crate) struct Overload {
    pub(crate) id: String,
    pub(crate) member: bool,
    pub(crate) arguments: Vec<Type>,
    pub(crate) result: Type,
    /// The names of its type parameters.
    pub(crate) parameters: Vec<Arc<str>>,
}

/// All functions by name.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    of: BTreeMap<String, Vec<Overload>>,
}

/// What every expression may call.
static COMMON: LazyLock<Functions> =
    LazyLock::new(|| Functions::read(|line| !line.starts_with('~')));

/// What an expression of a JSON patch may call beside.
static PATCHES: LazyLock<Functions> = LazyLock::new(|| Functions::read(|_| true));

/// `comparableTypes`.
const COMPARABLE: [&str; 8] =
    ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

impl Functions {
    /// The functions of an environment.
    pub(crate) fn of(patches: bool) -> &'static Self {
        if patches { &PATCHES } else { &COMMON }
    }

    /// The ways to call a function.
    pub(crate) fn find(&self, name: &str) -> Option<&[Overload]> {
        self.of.get(name).map(Vec::as_slice)
    }

    fn read(wanted: impl Fn(&str) -> bool) -> Self {
        let mut functions = Self::default();
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && wanted(line)) {
            let line = line.trim_start_matches('~');
            if line.contains('*') && !line.starts_with("_*_") {
                for one in COMPARABLE {
                    functions.line(&line.replace('*', one));
                }
            } else {
                functions.line(line);
            }
        }
        functions.comparisons();
        functions
    }

    fn line(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once(' ') else { return };
        let Some((id, rest)) = rest.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(") ") else { return };
        let arguments = split(arguments).into_iter().map(read_type).collect();
        self.add(name, id, arguments, read_type(result));
    }

    fn add(&mut self, name: &str, id: &str, arguments: Vec<Type>, result: Type) {
        let mut parameters = Vec::new();
        for one in arguments.iter().chain([&result]) {
            collect(one, &mut parameters);
        }
        let overload = Overload {
            id: id.trim_start_matches('.').to_owned(),
            member: id.starts_with('.'),
            arguments,
            result,
            parameters,
        };
        self.of.entry(name.to_owned()).or_default().push(overload);
    }

    /// The four orders, also between numbers of different types.
    fn comparisons(&mut self) {
        let kinds = [
            ("bool", "bool", "bool"),
            ("int64", "int", "int"),
            ("int64_double", "int", "double"),
            ("int64_uint64", "int", "uint"),
            ("uint64", "uint", "uint"),
            ("uint64_double", "uint", "double"),
            ("uint64_int64", "uint", "int"),
            ("double", "double", "double"),
            ("double_int64", "double", "int"),
            ("double_uint64", "double", "uint"),
            ("string", "string", "string"),
            ("bytes", "bytes", "bytes"),
            ("timestamp", "timestamp", "timestamp"),
            ("duration", "duration", "duration"),
        ];
        let names = [
            ("_<_", "less"),
            ("_<=_", "less_equals"),
            ("_>_", "greater"),
            ("_>=_", "greater_equals"),
        ];
        for (name, word) in names {
            for (kind, left, right) in kinds {
                let id = format!("{word}_{kind}");
                self.add(name, &id, vec![read_type(left), read_type(right)], Type::Bool);
            }
        }
    }
}

/// Splits at the commas of the first level.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0_i32, 0);
    let mut found = Vec::new();
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(text.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    found.extend(text.get(start..).filter(|rest| !rest.trim().is_empty()));
    found.into_iter().map(str::trim).collect()
}

/// Reads a type of the table.
fn read_type(text: &str) -> Type {
    if let Some((name, rest)) = text.split_once('(') {
        let inner = rest.strip_suffix(')').unwrap_or(rest);
        let mut of: Vec<Type> = split(inner).into_iter().map(read_type).collect();
        let last = of.pop().unwrap_or(Type::Dyn);
        return match (name, of.pop()) {
            ("list", _) => Type::list(last),
            ("optional", _) => Type::optional(last),
            ("map", Some(key)) => Type::map(key, last),
            _ => Type::Kind(Some(Arc::new(last))),
        };
    }
    named(text).unwrap_or_else(|| Type::Param(text.into()))
}

/// The type of a name that needs no declaration.
pub(crate) fn named(name: &str) -> Option<Type> {
    let record = |name: &str| Type::record(name, BTreeMap::new());
    Some(match name {
        "dyn" => Type::Dyn,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "duration" => Type::Duration,
        "timestamp" => Type::Timestamp,
        "ip" => Type::Opaque("net.IP", Vec::new()),
        "cidr" => Type::Opaque("net.CIDR", Vec::new()),
        "url" => record("kubernetes.URL"),
        "quantity" => record("kubernetes.Quantity"),
        "semver" => record("kubernetes.Semver"),
        "format" => record("kubernetes.NamedFormat"),
        "authorizer" => record("kubernetes.authorization.Authorizer"),
        "pathCheck" => record("kubernetes.authorization.PathCheck"),
        "groupCheck" => record("kubernetes.authorization.GroupCheck"),
        "resourceCheck" => record("kubernetes.authorization.ResourceCheck"),
        "decision" => record("kubernetes.authorization.Decision"),
        _ => return None,
    })
}

/// The types whose names are words of the language (`stdlib.Types`, and what the libraries add).
pub(crate) fn type_identifier(name: &str) -> Option<Type> {
    let of = match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "string" => Type::String,
        "uint" => Type::Uint,
        "null_type" => Type::Null,
        "list" => Type::list(Type::Param("A".into())),
        "map" => Type::map(Type::Param("A".into()), Type::Param("B".into())),
        "type" => Type::Kind(None),
        "dyn" => Type::Dyn,
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "optional_type" => Type::optional(Type::Param("V".into())),
        "net.IP" => return named("ip").map(wrap),
        "net.CIDR" => return named("cidr").map(wrap),
        _ => return None,
    };
    Some(wrap(of))
}

fn wrap(of: Type) -> Type {
    Type::Kind(Some(Arc::new(of)))
}

fn collect(one: &Type, found: &mut Vec<Arc<str>>) {
    match one {
        Type::Param(name) if !found.contains(name) => found.push(Arc::clone(name)),
        other => {
            for inner in other.parameters() {
                collect(inner, found);
            }
        }
    }
}
