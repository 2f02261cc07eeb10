//! The committed files of `definitions/`, read.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

pub(crate) struct Source {
    pub(crate) structures: Vec<Value>,
    pub(crate) search_parameters: Vec<Value>,
    pub(crate) compartments: Vec<Value>,
    pub(crate) value_sets: Vec<Value>,
    /// Resource type names in the order of their permanent numbers.
    pub(crate) resource_types: Vec<String>,
    /// Search parameter URLs in the order of their permanent numbers.
    pub(crate) search_parameter_urls: Vec<String>,
}

impl Source {
    pub(crate) fn read(dir: &Path) -> Self {
        Source {
            structures: lines(&dir.join("structures.ndjson.gz")),
            search_parameters: lines(&dir.join("search-parameters.ndjson.gz")),
            compartments: lines(&dir.join("compartments.ndjson.gz")),
            value_sets: lines(&dir.join("value-sets.ndjson.gz")),
            resource_types: stable(&dir.join("stable/resource-types.txt")),
            search_parameter_urls: stable(&dir.join("stable/search-parameters.txt")),
        }
    }
}

fn lines(file: &Path) -> Vec<Value> {
    let bytes = fs::read(file).expect("a committed definitions file");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("valid gzip");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("valid JSON"))
        .collect()
}

fn stable(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a committed list of stable numbers");
    text.lines().map(str::to_owned).collect()
}
