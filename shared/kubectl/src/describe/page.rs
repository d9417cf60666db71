//! A text in the making: lines at levels of indentation, columns aligned at the end.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::print::{TabWriter, escape};
use crate::value::{Reading as _, plain};

/// The longest annotation on one line.
const LONGEST: usize = 140;

/// A description being written.
pub(crate) struct Page {
    writer: TabWriter,
    now: Timestamp,
}

impl Page {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { writer: TabWriter::describe(), now }
    }

    /// Writes text behind two spaces per level.
    pub(crate) fn at(&mut self, level: usize, text: &str) {
        self.writer.write(&"  ".repeat(level));
        self.writer.write(&escape(text));
    }

    pub(crate) fn field(&mut self, level: usize, name: &str, value: &str) {
        self.at(level, &format!("{name}:\t{value}\n"));
    }

    pub(crate) fn finish(mut self) -> String {
        self.writer.flush()
    }

    /// The text with its tabs, for the commands that do not align it.
    pub(crate) fn unaligned(self) -> String {
        self.writer.into_text()
    }

    /// How long ago, by the cluster's clock.
    pub(crate) fn ago(&self, time: &str) -> String {
        since(time, self.now)
    }

    pub(crate) fn labels(&mut self, title: &str, labels: &[(&str, &Value)]) {
        self.at(0, &format!("{title}:\t"));
        if labels.is_empty() {
            self.at(0, "<none>\n");
        }
        for (index, (key, value)) in labels.iter().enumerate() {
            let indent = if index > 0 { "\t" } else { "" };
            self.at(0, &format!("{indent}{key}={}\n", plain(value)));
        }
    }

    pub(crate) fn annotations(&mut self, title: &str, annotations: &[(&str, &Value)]) {
        self.at(0, &format!("{title}:\t"));
        let shown: Vec<&(&str, &Value)> = annotations
            .iter()
            .filter(|(key, _)| *key != "kubectl.kubernetes.io/last-applied-configuration")
            .collect();
        if shown.is_empty() {
            self.at(0, "<none>\n");
        }
        for (index, (key, value)) in shown.into_iter().enumerate() {
            if index > 0 {
                self.at(0, "\t");
            }
            let value = plain(value);
            let value = value.strip_suffix('\n').unwrap_or(&value);
            if value.len() + key.len() + 2 > LONGEST || value.contains('\n') {
                self.at(0, &format!("{key}:\n"));
                for line in value.split('\n') {
                    self.at(0, &format!("\t  {}\n", shorten(line, LONGEST - 2)));
                }
            } else {
                self.at(0, &format!("{key}: {value}\n"));
            }
        }
    }

    /// Name, namespace, labels and annotations, as most texts begin.
    pub(crate) fn heading(&mut self, object: &Value, with_namespace: bool) {
        self.field(0, "Name", object.text("metadata.name"));
        if with_namespace {
            self.field(0, "Namespace", object.text("metadata.namespace"));
        }
        self.meta(object);
    }

    pub(crate) fn meta(&mut self, object: &Value) {
        self.labels("Labels", &object.entries("metadata.labels"));
        self.annotations("Annotations", &object.entries("metadata.annotations"));
    }
}

/// Cuts at a byte length, as Go does, but never within a character.
fn shorten(text: &str, length: usize) -> String {
    if text.len() <= length {
        return text.to_owned();
    }
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", text.get(..end).unwrap_or(""))
}

/// The time of a field as `RFC1123Z`, in UTC.
pub(crate) fn clock_text(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => {
            time.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
        }
        Err(_) => "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
    }
}

/// `translateTimestampSince`.
pub(crate) fn since(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => apimachinery::time::human_duration(now.as_second() - time.as_second()),
        Err(_) => "<unknown>".to_owned(),
    }
}
