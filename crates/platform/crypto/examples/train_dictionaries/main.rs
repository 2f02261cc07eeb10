//! Trains the shipped dictionaries on synthetic and example data and writes `dictionaries/`.
//!
//! ```text
//! cargo run --release -p mt-crypto --example train_dictionaries -- write      new files
//! cargo run --release -p mt-crypto --example train_dictionaries -- evaluate   sizes on held-out data
//! ```
//! The data stand in the folder that `MEDITRACK_SHARED` names. A released file is never trained
//! again under its number: raise the numbers in the table of `shipped.rs` first.

#![allow(
    clippy::print_stdout,
    reason = "a command that reports to its operator"
)]

mod corpus;
mod evaluation;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mt_crypto::{Dictionary, DictionaryId, ShippedDictionaries, train};

use corpus::{Corpus, Sample};

/// Largest dictionary for one type.
const TYPE_SIZE: usize = 32 << 10;
/// Largest general dictionary.
const GENERAL_SIZE: usize = 64 << 10;
/// Samples of one producer and type; more of the same teaches nothing.
const PER_PRODUCER: usize = 600;
/// Samples of one producer and of each type that every dictionary sees, for what all types share.
const FEW: usize = 10;
/// How many times more bytes the own type brings than all others together. Less drowns the own type;
/// without the others a dictionary fits its generator and nobody else.
const OWN_SHARE: usize = 4;
/// How often hand-written examples are repeated, so that few of them weigh against many generated ones.
const EXAMPLE_WEIGHT: usize = 6;

fn main() -> Result<()> {
    let shared = std::env::var("MEDITRACK_SHARED").context("MEDITRACK_SHARED names no folder")?;
    let corpus = Corpus::read(&Path::new(&shared).join("data"))?;
    match std::env::args().nth(1).as_deref() {
        Some("write") => write(&corpus),
        Some("evaluate") => evaluation::print(&corpus),
        _ => bail!("say write or evaluate"),
    }
}

fn write(corpus: &Corpus) -> Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let mut total = 0;
    for (id, resource_type) in ShippedDictionaries::list() {
        let dictionary = train_one(id, resource_type, |_| true, corpus)
            .with_context(|| format!("no dictionary for {}", resource_type.unwrap_or("general")))?;
        let name = ShippedDictionaries::file_name(id, resource_type);
        let frame = zstd::bulk::compress(dictionary.content(), 22)?;
        println!(
            "{name} {} bytes, {} packed",
            dictionary.content().len(),
            frame.len()
        );
        total += frame.len();
        std::fs::write(directory.join(name), frame)?;
    }
    println!("{total} bytes in all");
    Ok(())
}

/// Trains on the samples that `take` takes: a few of every type, and many of `resource_type`.
fn train_one(
    id: DictionaryId,
    resource_type: Option<&str>,
    take: impl Fn(&Sample) -> bool,
    corpus: &Corpus,
) -> Option<Dictionary> {
    let taken = |name| corpus.of_type(name).filter(|sample| take(sample));
    let few_of_each = |name| balanced(taken(name), FEW);
    let mut chosen: Vec<_> = corpus.types().flat_map(few_of_each).collect();
    if let Some(name) = resource_type {
        let own = balanced(taken(name), PER_PRODUCER);
        let bytes = |samples: &[&[u8]]| samples.iter().map(|sample| sample.len()).sum::<usize>();
        let times = (OWN_SHARE * bytes(&chosen))
            .div_ceil(bytes(&own).max(1))
            .max(1);
        chosen.extend(own.repeat(times));
    }
    let size = if resource_type.is_some() {
        TYPE_SIZE
    } else {
        GENERAL_SIZE
    };
    train(id, &chosen, size).ok()
}

/// At most `limit` samples of each producer, spread over all it has, the hand-written ones repeated.
fn balanced<'a>(samples: impl Iterator<Item = &'a Sample>, limit: usize) -> Vec<&'a [u8]> {
    let samples: Vec<_> = samples.collect();
    let mut chosen = Vec::new();
    for producer in corpus::Producer::TRAINING {
        let own: Vec<_> = samples
            .iter()
            .filter(|sample| sample.producer == producer)
            .collect();
        let step = own.len().div_ceil(limit).max(1);
        let weight = if producer.is_hand_written() {
            EXAMPLE_WEIGHT
        } else {
            1
        };
        for sample in own.iter().step_by(step) {
            chosen.extend(std::iter::repeat_n(sample.json.as_slice(), weight));
        }
    }
    chosen
}
