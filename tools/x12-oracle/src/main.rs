//! Judges 278 transactions with the grammar of another implementation, the crate `x12-types`.
//!
//! Without arguments it takes the request and response that the tests of `mt-x12` build; with
//! arguments, files. It checks grammar only: the order and nesting of segments.

use std::process::ExitCode;

use x12_types::util::Parser;
use x12_types::v005010::{_278, Transmission};

#[path = "../../../crates/base/x12/tests/it/documents/mod.rs"]
#[allow(dead_code, reason = "the tests use more of these documents")]
mod documents;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<(String, String)> = if files.is_empty() {
        let built = documents::all().into_iter().filter(|(name, _)| name.starts_with("278"));
        built.map(|(name, text)| (name.to_owned(), text)).collect()
    } else {
        let read = |name: String| {
            let text = std::fs::read_to_string(&name).unwrap_or_default();
            (name, text)
        };
        files.into_iter().map(read).collect()
    };
    let mut refused = false;
    for (name, text) in texts {
        let outcome = Transmission::<_278>::parse(&text);
        let good = matches!(&outcome, Ok((rest, _)) if rest.trim().is_empty());
        println!("{name}: {}", if good { "parses" } else { "refused" });
        if !good {
            println!("{:.600}", format!("{:?}", outcome.map(|(rest, _)| rest)));
        }
        refused |= !good;
    }
    ExitCode::from(u8::from(refused))
}
