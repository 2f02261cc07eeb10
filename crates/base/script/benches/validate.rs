//! Speed of reading, checking and writing: `cargo bench -p mt-script`.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use mt_script::{Document, validate};

const MESSAGE: &str = include_str!("../tests/data/newrx.xml");
const ROUNDS: u32 = 5_000;

fn main() -> std::io::Result<()> {
    assert!(validate(MESSAGE.as_bytes()).is_valid());
    measure("parse", || Document::parse(MESSAGE.as_bytes()).is_ok())?;
    measure("parse and type", || {
        Document::parse(MESSAGE.as_bytes())
            .is_ok_and(|document| document.message().header.to.is_some())
    })?;
    measure("validate", || validate(MESSAGE.as_bytes()).is_valid())?;
    measure("parse and write", || {
        Document::parse(MESSAGE.as_bytes()).is_ok_and(|document| !document.write().is_empty())
    })
}

fn measure(name: &str, work: impl Fn() -> bool) -> std::io::Result<()> {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert!(black_box(work()));
    }
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = MESSAGE.len() as f64 * f64::from(ROUNDS) / 1e6;
    let each = seconds * 1e6 / f64::from(ROUNDS);
    let rate = megabytes / seconds;
    writeln!(
        std::io::stdout(),
        "{name:16} {rate:8.1} MB/s  {each:8.1} µs a message"
    )
}
