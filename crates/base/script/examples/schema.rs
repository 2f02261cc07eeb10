//! Prints the schema of a version: `cargo run -p mt-script --example schema -- 2023011`.

use std::io::Write;

use mt_script::{Version, schema::schema};

fn main() -> std::io::Result<()> {
    let stamp = std::env::args().nth(1).unwrap_or_default();
    match Version::of_stamp(&stamp) {
        Some(version) => std::io::stdout().write_all(schema(version).as_bytes()),
        None => Err(std::io::Error::other("name a version: 2017071 or 2023011")),
    }
}
