//! What the browser downloads, compressed with brotli, against its budgets.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::subject::root;

/// What belongs together, how it is found, and its budget in KiB.
const BUDGETS: [(&str, fn(&str) -> bool, u32); 4] = [
    (
        "page (wasm and glue)",
        |path| !path.contains('/') && (path.ends_with(".wasm") || path.ends_with(".js")),
        400,
    ),
    (
        "HTML and CSS",
        |path| !path.contains('/') && (path.ends_with(".html") || path.ends_with(".css")),
        40,
    ),
    ("worker (embedded cluster)", |path| path.starts_with("worker"), 700),
    ("editor (loaded lazily)", |path| path.contains("editor"), 1_040),
];

/// Prints a row for each.
pub(crate) fn print() -> Result<(), Failure> {
    let dist = root().join("dist");
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    println!("{:34} {:>10} {:>10}", "brotli", "size", "budget");
    for (label, wanted, budget) in BUDGETS {
        let mut bytes = 0;
        for file in files.iter().filter(|path| wanted(path)) {
            bytes += compressed(&dist.join(file))?;
        }
        println!("{label:34} {:>6} KiB {budget:>6} KiB", bytes / 1024);
    }
    Ok(())
}

fn collect(base: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(base, &path, files)?;
        } else if !path.extension().is_some_and(|extension| extension == "br" || extension == "gz")
        {
            files.push(path.strip_prefix(base)?.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// Node has brotli; we need no crate for it.
fn compressed(file: &Path) -> Result<u64, Failure> {
    let script = "process.stdout.write(String(require('zlib').brotliCompressSync(\
                  require('fs').readFileSync(process.argv[1])).length))";
    let output = Command::new("node").args(["-e", script]).arg(file).output()?;
    Ok(String::from_utf8(output.stdout)?.parse()?)
}
