//! Turns the trimmed official definitions into Rust tables, so that the running program spends no
//! time and no heap on loading them.

mod model;
mod names;
mod search;
mod source;
mod structures;
mod value_sets;

use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(clippy::print_stdout, reason = "cargo reads a build script's output")]
fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    println!("cargo::rerun-if-changed=definitions");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/names/hash.rs");

    let source = source::Source::read(&root.join("definitions"));
    let model = model::Model::new(&source);
    write(&out, "names.rs", &names::table(&model));
    write(&out, "names_constants.rs", &names::constants(&model));
    write(
        &out,
        "resource_types.rs",
        &structures::resource_types(&model),
    );
    write(
        &out,
        "resource_type_constants.rs",
        &structures::resource_type_constants(&model),
    );
    write(
        &out,
        "type_constants.rs",
        &structures::type_constants(&model),
    );
    write(&out, "types.rs", &structures::types(&model));
    write(&out, "value_sets.rs", &value_sets::table(&model));
    write(&out, "search_params.rs", &search::params(&source, &model));
    write(
        &out,
        "compartments.rs",
        &search::compartments(&source, &model),
    );
}

fn write(out: &Path, name: &str, text: &str) {
    fs::write(out.join(name), text).expect("the output directory of the build is writable");
}
