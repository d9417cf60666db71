//! What every part of the page may use, handed down as its first parameter.

use std::ops::Deref;
use std::sync::Arc;

use app_ui::toast::Toasts;
use leptos::prelude::*;
use notebook::cell::Cell;
use notebook::scenario::{Localized, Notebook};
use protocol::v1::{Language, ObjectKey, ResetScope};

use super::drafts::Drafts;
use super::preferences::Preferences;
use super::session::Session;
use super::words::Text;
use crate::services::browser;

/// What is open on the desk: dialogs, panes, the selected object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desk {
    /// The dialog with the keys.
    pub help: RwSignal<bool>,
    /// The reset that is being asked about.
    pub reset: RwSignal<Option<ResetScope>>,
    /// The step whose solution is being asked about.
    pub solve: RwSignal<Option<String>>,
    /// The question before cells run on a real cluster.
    pub real: RwSignal<bool>,
    /// What a narrow page shows: `notebook`, `cluster` or `console`.
    pub pane: RwSignal<&'static str>,
    /// The tab of the cluster pane.
    pub tab: RwSignal<&'static str>,
    /// Width of the cluster pane.
    pub width: RwSignal<i32>,
    /// The element to come back to when the page is drawn anew in another language.
    pub back: RwSignal<Option<String>>,
    /// The object whose drawer is open.
    pub object: RwSignal<Option<ObjectKey>>,
    /// The title of the open scenario.
    pub title: RwSignal<Option<Localized>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            help: RwSignal::new(false),
            reset: RwSignal::new(None),
            solve: RwSignal::new(None),
            real: RwSignal::new(false),
            pane: RwSignal::new("notebook"),
            tab: RwSignal::new("topology"),
            width: RwSignal::new(440),
            back: RwSignal::new(None),
            object: RwSignal::new(None),
            title: RwSignal::new(None),
        }
    }
}

/// What lives as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Hall {
    /// Language of the address.
    pub language: RwSignal<Language>,
    /// What the reader chose.
    pub preferences: Preferences,
    /// The session of the open scenario.
    pub session: Session,
    /// The texts of the open scenario.
    pub drafts: Drafts,
    /// Messages.
    pub toasts: Toasts,
    /// What is open.
    pub desk: Desk,
}

/// The hall, in one language, with one scenario open.
#[derive(Clone, Copy)]
pub(crate) struct Ctx {
    /// Words.
    pub text: Text,
    hall: &'static Hall,
    notebook: StoredValue<Arc<Notebook>>,
}

impl Deref for Ctx {
    type Target = Hall;

    fn deref(&self) -> &Hall {
        self.hall
    }
}

impl Ctx {
    /// Opens a notebook in the hall.
    pub(crate) fn new(hall: &'static Hall, notebook: Arc<Notebook>) -> Self {
        let text = Text { language: hall.language.get_untracked() };
        Self { text, hall, notebook: StoredValue::new(notebook) }
    }

    /// The notebook.
    pub(crate) fn notebook(self) -> Arc<Notebook> {
        self.notebook.get_value()
    }

    /// A cell of the notebook.
    pub(crate) fn cell(self, id: &str) -> Option<Cell> {
        self.notebook.with_value(|notebook| {
            notebook.scenario.cells.iter().find(|cell| cell.id == id).cloned()
        })
    }

    /// Gives the reader all edited texts as a file.
    pub(crate) fn download_work(self) {
        let notebook = self.notebook();
        let cells = notebook.scenario.cells.iter();
        let cells = cells.map(|cell| (cell.id.clone(), self.text.pick(&cell.title)));
        let text = self.drafts.bundle(cells);
        if text.is_empty() {
            self.toasts.show(self.text.say("work-none"), "info", None);
        } else {
            browser::download(&format!("{}.yaml", notebook.id.replace('/', "-")), &text);
        }
    }

    /// The text of a file of the notebook.
    pub(crate) fn file(self, name: &str) -> String {
        self.notebook.with_value(|notebook| notebook.files.get(name).cloned().unwrap_or_default())
    }
}
