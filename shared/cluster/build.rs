//! Turns `manifests/images/*.yaml` into the JSON that the crate includes: the engine itself reads no YAML.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../manifests/images");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut images = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|one| one == "yaml")) {
        let image: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        images.push(image);
    }
    let target = Path::new(&env::var("OUT_DIR")?).join("images.json");
    fs::write(target, serde_json::to_string(&images)?)?;
    Ok(())
}
