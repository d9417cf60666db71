//! Joins the words of all owners into one file per language, so that a new file of words needs no code.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let output = env::var_os("OUT_DIR").map(std::path::PathBuf::from).unwrap_or_default();
    for language in ["ko", "en"] {
        let folder = Path::new("locales").join(language);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<_> =
            fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "ftl"));
        files.sort();
        let mut words = String::new();
        for file in files {
            println!("cargo::rerun-if-changed={}", file.display());
            words.push_str(&fs::read_to_string(file)?);
            words.push('\n');
        }
        fs::write(output.join(format!("{language}.ftl")), words)?;
    }
    Ok(())
}
