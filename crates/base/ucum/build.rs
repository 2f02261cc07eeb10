//! Turns the unmodified UCUM essence into static tables, so that nothing is parsed at run time.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the essence says about a prefix, base unit or unit.
#[derive(Default)]
struct Entry {
    code: String,
    is_metric: bool,
    is_arbitrary: bool,
    value: String,
    unit: String,
    function: String,
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=essence/ucum-essence.xml");
    let directory = env::var("CARGO_MANIFEST_DIR")?;
    let xml = fs::read_to_string(Path::new(&directory).join("essence/ucum-essence.xml"))?;
    let (prefixes, mut units) = read(&xml)?;
    units.sort_by(|a, b| a.code.cmp(&b.code));
    let out = Path::new(&env::var("OUT_DIR")?).join("table.rs");
    fs::write(out, render(&prefixes, &units)?)?;
    Ok(())
}

fn read(xml: &str) -> Result<(Vec<Entry>, Vec<Entry>)> {
    let (mut prefixes, mut units) = (Vec::new(), Vec::new());
    let mut reader = Reader::from_str(xml);
    let mut entry = Entry::default();
    loop {
        match reader.read_event()? {
            Event::Start(start) | Event::Empty(start) => {
                let element = String::from(start.local_name().as_ref());
                open(&element, &start, &mut entry)?;
            }
            Event::End(end) => match end.local_name().as_ref() {
                "prefix" => prefixes.push(std::mem::take(&mut entry)),
                "base-unit" | "unit" => units.push(std::mem::take(&mut entry)),
                _ => {}
            },
            Event::Eof => return Ok((prefixes, units)),
            _ => {}
        }
    }
}

fn open(element: &str, start: &BytesStart<'_>, entry: &mut Entry) -> Result<()> {
    let attribute = |name: &str| -> Result<String> {
        let found = start.try_get_attribute(name)?;
        Ok(found.map_or_else(String::new, |a| a.value.replace("&apos;", "'")))
    };
    match element {
        "prefix" | "unit" => {
            entry.code = attribute("Code")?;
            entry.is_metric = attribute("isMetric")? == "yes";
            entry.is_arbitrary = attribute("isArbitrary")? == "yes";
        }
        "base-unit" => {
            entry.code = attribute("Code")?;
            entry.is_metric = true;
        }
        "value" => {
            entry.value = attribute("value")?;
            entry.unit = attribute("Unit")?;
        }
        "function" => {
            entry.function = attribute("name")?;
            entry.value = attribute("value")?;
            entry.unit = attribute("Unit")?;
        }
        _ => {}
    }
    Ok(())
}

fn render(prefixes: &[Entry], units: &[Entry]) -> Result<String> {
    let mut out = String::from("pub(crate) static PREFIXES: &[(&str, &str)] = &[\n");
    for prefix in prefixes {
        writeln!(out, "    ({:?}, {:?}),", prefix.code, prefix.value)?;
    }
    out.push_str("];\n\npub(crate) static ATOMS: &[Atom] = &[\n");
    for unit in units {
        writeln!(
            out,
            "    Atom {{ code: {:?}, is_metric: {}, is_arbitrary: {}, value: {:?}, unit: {:?}, function: {:?} }},",
            unit.code, unit.is_metric, unit.is_arbitrary, unit.value, unit.unit, unit.function,
        )?;
    }
    out.push_str("];\n");
    Ok(out)
}
