//! What a call does.

pub(crate) mod authorizer;
mod convert;
pub(crate) mod formats;
mod lists;
mod net;
mod operators;
mod optionals;
pub(crate) mod patterns;
mod quantities;
pub(crate) mod semver;
mod strings;
mod text_format;
pub(crate) mod time;
pub(crate) mod urls;

pub(crate) use self::convert::shown;
use crate::value::{Fault, Value};
use cluster::expressions::Authority;

/// What a call may ask the world.
pub(crate) type World<'a> = Option<&'a dyn Authority>;

type Answer = Result<Value, Fault>;

/// Some functions; nothing for one that is not among them.
type Family = fn(&str, &[Value]) -> Option<Answer>;

/// Calls a function with its arguments, the target first.
pub(crate) fn call(name: &str, arguments: &[Value], world: World<'_>) -> Answer {
    let families: [Family; 12] = [
        operators::call,
        convert::call,
        strings::call,
        lists::call,
        optionals::call,
        patterns::call,
        time::call,
        quantities::call,
        semver::call,
        net::call,
        urls::call,
        formats::call,
    ];
    for family in families {
        if let Some(answer) = family(name, arguments) {
            return answer;
        }
    }
    authorizer::call(name, arguments, world).unwrap_or_else(|| Err(Fault::no_overload()))
}

fn said<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::said(text))
}
