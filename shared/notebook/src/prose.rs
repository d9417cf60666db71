//! Prose as a tree: what Markdown becomes. There is no raw HTML in it.

use serde::{Deserialize, Serialize};

/// A block of prose, or the place of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// A cell stands here.
    Cell {
        /// Its id.
        id: String,
    },
    /// A heading within a step (levels 3 to 6).
    Heading {
        /// Level.
        level: u8,
        /// Text.
        text: Vec<Inline>,
    },
    /// A paragraph.
    Paragraph {
        /// Text.
        text: Vec<Inline>,
    },
    /// A list.
    List {
        /// Whether it is numbered.
        ordered: bool,
        /// Items.
        items: Vec<Vec<Self>>,
    },
    /// Code that is only read.
    Code {
        /// Language of the fence.
        language: String,
        /// Text.
        text: String,
    },
    /// A quotation; used for notes to the reader.
    Quote {
        /// Blocks.
        blocks: Vec<Self>,
    },
    /// A table.
    Table {
        /// Header cells.
        header: Vec<Vec<Inline>>,
        /// Rows of cells.
        rows: Vec<Vec<Vec<Inline>>>,
    },
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inline {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// Code.
    Code {
        /// The text.
        text: String,
    },
    /// Emphasis.
    Emphasis {
        /// Inner pieces.
        text: Vec<Self>,
    },
    /// Strong emphasis.
    Strong {
        /// Inner pieces.
        text: Vec<Self>,
    },
    /// A link; only http and https addresses, or `#step` places.
    Link {
        /// Address.
        to: String,
        /// Inner pieces.
        text: Vec<Self>,
    },
}
