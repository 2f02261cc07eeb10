//! Microseconds per resource: parse, walk, write, XML, over the committed sample.

use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

use mt_fhir::json::{Doc, Limits};
use mt_fhir::{Element, xml};

/// Best of this many rounds, as other work on the machine only ever adds time.
const ROUNDS: usize = 30;

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn main() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/r4-examples-sample.ndjson.gz"
    );
    let bytes = std::fs::read(file).expect("the committed sample");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    let lines: Vec<&str> = text.lines().collect();
    let parse = |line: &str| Doc::parse(line, &Limits::default()).expect("valid JSON");
    let docs: Vec<Doc> = lines.iter().map(|l| parse(l)).collect();
    let xmls: Vec<Vec<u8>> = docs
        .iter()
        .map(|d| xml::write(d.root()).expect("XML"))
        .collect();

    println!(
        "{} resources, {} bytes on average",
        lines.len(),
        text.len() / lines.len()
    );
    let row = |name: &str, round: &dyn Fn()| {
        let best = (0..ROUNDS).map(|_| time(round)).fold(f64::MAX, f64::min);
        println!("{name:<12} {:>8.2} us", best / lines.len() as f64);
    };
    row("parse", &|| {
        lines.iter().for_each(|l| drop(black_box(parse(l))))
    });
    row("walk", &|| {
        let elements = docs.iter().filter_map(|d| Element::resource(d.root()));
        black_box(elements.map(count).sum::<usize>());
    });
    row("write", &|| {
        docs.iter().for_each(|d| drop(black_box(d.to_json())))
    });
    row("write xml", &|| {
        docs.iter()
            .for_each(|d| drop(black_box(xml::write(d.root()))))
    });
    row("parse xml", &|| {
        xmls.iter()
            .for_each(|x| drop(black_box(xml::parse(x, &Limits::default()))));
    });
}

fn time(round: &dyn Fn()) -> f64 {
    let start = Instant::now();
    round();
    start.elapsed().as_secs_f64() * 1e6
}

fn count(element: Element<'_>) -> usize {
    1 + element.children().map(count).sum::<usize>()
}
