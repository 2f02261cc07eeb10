//! Lists the files of the built web application, so that the binary holds them.
//!
//! Without `web/dist` the list is empty and the server says so: a machine without Node still builds.

#![allow(
    clippy::print_stdout,
    reason = "build scripts speak to Cargo by printing"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let dist = manifest.join("../../web/dist").canonicalize();
    let mut files = Vec::new();
    if let Ok(dist) = &dist {
        println!("cargo::rerun-if-changed={}", dist.display());
        collect(dist, &mut files)?;
        files.sort();
    }
    println!("cargo::rerun-if-changed=build.rs");
    let list = match &dist {
        Ok(dist) => listing(dist, &files),
        Err(_) => "&[]".to_owned(),
    };
    write_if_changed(&out.join("web_files.rs"), &list)
}

/// Files below `folder` that are served; what only the build needs, and hidden files, are not.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, files)?;
        } else if !name.starts_with('.') && !name.ends_with(".br") && name != "manifest.json" {
            files.push(path);
        }
    }
    Ok(())
}

fn listing(dist: &Path, files: &[PathBuf]) -> String {
    let mut list = "&[\n".to_owned();
    for file in files {
        let path = file.strip_prefix(dist).unwrap_or(file).to_string_lossy();
        let compressed = PathBuf::from(format!("{}.br", file.display()));
        let brotli = if compressed.is_file() {
            format!("Some(include_bytes!({compressed:?}))")
        } else {
            "None".to_owned()
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            list,
            "    mt_http::Asset {{ path: {:?}, bytes: include_bytes!({file:?}), brotli: {brotli} }},",
            path.replace('\\', "/"),
        );
    }
    list.push(']');
    list
}

fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text)
}
