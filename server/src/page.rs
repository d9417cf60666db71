//! Where the built page is.

use std::path::{Path, PathBuf};

use crate::error::Failure;

/// The folder of the page: the one that is named, or one of that name where this program was built
/// (`target/debug/podium` and `dist` are two folders apart), so that it can be started anywhere.
pub(crate) fn folder(named: &Path) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().ok();
    let above = program.iter().flat_map(|program| program.ancestors().skip(1).take(3));
    let candidates = std::iter::once(named.to_path_buf()).chain(above.map(|near| near.join(named)));
    candidates.into_iter().find(|folder| folder.join("index.html").is_file()).ok_or_else(|| {
        Failure::surroundings(
            format!("there is no page in {}", named.display()),
            "build it with `cargo xtask up`, or name its folder with --dist",
        )
    })
}
