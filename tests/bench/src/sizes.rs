//! What the browser downloads, compressed with brotli, against its budgets.

use std::path::Path;
use std::process::Command;

use crate::Failure;
use crate::subject::root;

/// Files that are downloaded together.
struct Part {
    label: &'static str,
    wanted: fn(&str) -> bool,
    budget_kib: u32,
}

/// The budgets of the page.
const PARTS: [Part; 4] = [
    Part {
        label: "page (wasm and glue)",
        wanted: |path| at_root(path, &["wasm", "js"]) && !of_worker(path),
        budget_kib: 400,
    },
    Part { label: "HTML and CSS", wanted: |path| at_root(path, &["html", "css"]), budget_kib: 40 },
    Part { label: "worker (embedded cluster)", wanted: of_worker, budget_kib: 700 },
    Part {
        label: "editor (loaded lazily)",
        wanted: |path| path.contains("editor"),
        budget_kib: 1_040,
    },
];

/// The worker's files bear the name of its package.
fn of_worker(path: &str) -> bool {
    path.starts_with("app-worker")
}

fn at_root(path: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    !path.contains('/') && extension.is_some_and(|extension| extensions.contains(&extension))
}

/// Prints a row for each.
pub(crate) fn print() -> Result<(), Failure> {
    let dist = root().join("dist");
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    println!("{:34} {:>10} {:>10}", "brotli", "size", "budget");
    for part in PARTS {
        let mut bytes = 0;
        for file in files.iter().filter(|path| (part.wanted)(path)) {
            bytes += compressed(&dist.join(file))?;
        }
        println!("{:34} {:>6} KiB {:>6} KiB", part.label, bytes / 1024, part.budget_kib);
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
