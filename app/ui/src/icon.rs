//! Icons as paths on a grid of 24, drawn with the colour of the text beside them.

use leptos::prelude::*;
use leptos::svg;

/// An icon by name. It says nothing by itself: a word stands beside it, or a label on what holds it.
pub fn icon(name: &'static str) -> AnyView {
    let filled = FILLED.contains(&name);
    svg::svg()
        .attr("class", if name == "spinner" { "icon icon--spin" } else { "icon" })
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .attr("focusable", "false")
        .child(
            svg::path()
                .attr("d", path(name))
                .attr("class", if filled { "icon__fill" } else { "icon__line" }),
        )
        .into_any()
}

const FILLED: [&str; 3] = ["play", "stop", "pause"];

fn path(name: &str) -> &'static str {
    match name {
        "alert" => "M12 4 2.8 20h18.4zM12 10v4.5M12 17.4v.1",
        "arrow" => "M5 12h14M13 6l6 6-6 6",
        "check" => "m5 12.5 4.5 4.5L19 7.5",
        "chevron" => "m7 10 5 5 5-5",
        "clock" => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2",
        "cloud" => "M7 18a4 4 0 0 1-.6-8A6 6 0 0 1 18 9.6 4.2 4.2 0 0 1 17.5 18z",
        "contrast" => "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
        "copy" => "M9 9h10v11H9zM5 15V4h10",
        "cross" => "M6 6l12 12M18 6 6 18",
        "cube" => "m12 3 8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
        "diff" => "M12 4v8M8 8h8M8 18h8",
        "dots" => "M5 11h2v2H5zM11 11h2v2h-2zM17 11h2v2h-2z",
        "download" => "M12 4v11M7 11l5 5 5-5M5 20h14",
        "eye" => {
            "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z"
        }
        "gauge" => "M4 17a8.500 8.500 0 1 1 16 0M12 15l4-5M12 14.900v.2",
        "globe" => {
            "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17"
        }
        "help" | "question" => "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2.1M12 17.4v.1",
        "keyboard" => "M3 6.5h18v11H3zM7 10h.1M10.500 10h.1M14 10h.1M17 10h.1M8 14h8",
        "moon" => "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
        "pause" => "M7 5h4v14H7zM13.500 5h4v14h-4z",
        "pencil" => "m4 20 1-4L16 5l3 3L8 19z",
        "play" => "M7 4.500v15l12.500-7.500z",
        "reset" => "M5 12a7 7 0 1 0 2.300-5.200M5 4v4.500h4.500",
        "ring" => "M12 7.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9z",
        "server" => "M4 4.500h16v6H4zM4 13.500h16v6H4zM7.500 7.500h.1M7.500 16.500h.1",
        "skip" => "M5 12h14",
        "spinner" => "M12 4a8 8 0 1 1-7.500 5.200",
        "step" => "M6 5v14l9-7zM18.500 5v14",
        "stop" => "M6.500 6.500h11v11h-11z",
        "sun" => {
            "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M5.600 18.400l1.100-1.100M17.300 6.700l1.100-1.100"
        }
        "tab" => "M3.500 5.500h17v13h-17zM3.500 9.500h17M8.500 5.500v4",
        "terminal" => "m5 8 4 4-4 4M12 17h7",
        "trash" => "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13",
        "undo" => "M9 6 4.500 10.500 9 15M5 10.500h9a5 5 0 0 1 0 10h-3",
        _ => "M12 12h.1",
    }
}
