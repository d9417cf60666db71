//! `podium preview`: the page with the content as it is being written.

use std::process::{Command, Stdio};

use tokio::sync::watch;

use super::{asked_to_stop, say};
use crate::authoring::preview::{self, News};
use crate::cli;
use crate::content::{Course, Shelf};
use crate::error::Failure;
use crate::listen;
use crate::page;
use crate::routes::{self, Served};
use crate::sessions::Sessions;

/// Serves until it is asked to stop.
pub async fn run(arguments: cli::Preview) -> Result<(), Failure> {
    let course = Course::read(&arguments.folder)?;
    let place = match &arguments.name {
        Some(name) if course.content.entries().any(|entry| entry.id == *name) => {
            format!("{}/{name}/", arguments.lang.code())
        }
        Some(name) => {
            let cause = format!("there is no scenario `{name}`");
            return Err(Failure::usage(cause, "see `podium scenarios`"));
        }
        None => format!("{}/", arguments.lang.code()),
    };
    let dist = page::folder(&arguments.dist)?;
    let listener = listen::bind(arguments.listen).await?;
    let address = listener.local_addr().unwrap_or(arguments.listen);
    let shelf = Shelf::new(course);
    let sessions = Sessions::new(shelf.clone(), None);
    let served = Served {
        sessions: sessions.clone(),
        shelf: shelf.clone(),
        dist,
        only_here: address.ip().is_loopback(),
    };
    let (told, news) = watch::channel(News::default());
    let router = routes::previewed(routes::router(served), news.clone());
    let ending = sessions.clone();
    let stop = async move {
        asked_to_stop().await;
        ending.begin_end();
    };
    let server = listen::serve(listener, None, router, stop);
    let url = format!("http://{address}/{place}");
    say(&format!("Podium previews {url}"))?;
    if arguments.open {
        open(&url)?;
    }
    let rounds = tokio::spawn(sessions.clone().tidy());
    let telling = tokio::spawn(tell(news));
    // (The pages that still listen hear no more when it ends.)
    let follow = preview::follow(&arguments.folder, &shelf, &sessions, told);
    tokio::join!(server, follow);
    rounds.abort();
    telling.abort();
    sessions.close().await;
    Ok(())
}

/// Says in the terminal what the page says.
async fn tell(mut news: watch::Receiver<News>) {
    let mut wrong = false;
    while news.changed().await.is_ok() {
        let now = news.borrow_and_update().clone();
        let lines = match now.wrong.as_slice() {
            [] if wrong => vec!["sound again".to_owned()],
            lines => lines.to_vec(),
        };
        wrong = !now.wrong.is_empty();
        for line in lines {
            // A terminal that is gone ends the program elsewhere.
            let _told = say(&line);
        }
    }
}

fn open(url: &str) -> Result<(), Failure> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(_) => Ok(()),
        Err(_) => say(&format!("no `{opener}` here: open it in a browser")),
    }
}
