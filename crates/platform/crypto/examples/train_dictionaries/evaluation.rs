//! Sizes on data that the dictionaries were not trained on.
//!
//! Three questions: the same producer, hand-written examples of another half, and producers that were
//! never seen (converters from C-CDA and HL7 v2).

use anyhow::Result;
use mt_crypto::{Dictionary, DictionaryId, ShippedDictionaries};
use zstd::bulk::Compressor;

use crate::corpus::{Corpus, Producer, Sample};
use crate::train_one;

/// Bytes of one group of samples under each choice of dictionary.
#[derive(Default)]
struct Sizes {
    count: usize,
    json: usize,
    plain: usize,
    general: usize,
    typed: usize,
}

/// Trains on the even groups and prints mean sizes of the odd ones.
pub(crate) fn print(corpus: &Corpus) -> Result<()> {
    let even = |sample: &Sample| sample.group.is_multiple_of(2);
    let train_half = |resource_type| train_one(DictionaryId(1), resource_type, even, corpus);
    let general = train_half(None);
    println!("held-out bytes per resource\ntype producers count json plain general typed");
    let mut totals: [Sizes; 3] = Default::default();
    for (_, resource_type) in ShippedDictionaries::list() {
        let Some(name) = resource_type else { continue };
        let typed = train_half(Some(name));
        for (total, (label, producers)) in totals.iter_mut().zip(groups()) {
            let samples = corpus.of_type(name).filter(|sample| {
                producers.contains(&sample.producer)
                    && (!even(sample) || sample.producer == Producer::Converters)
            });
            let sizes = measure(samples, general.as_ref(), typed.as_ref())?;
            sizes.print(name, label);
            total.add(&sizes);
        }
    }
    for (total, (label, _)) in totals.iter().zip(groups()) {
        total.print("all", label);
    }
    Ok(())
}

fn groups() -> [(&'static str, &'static [Producer]); 3] {
    [
        (
            "synthea",
            &[Producer::Synthea2019, Producer::Synthea2021, Producer::Bulk],
        ),
        ("examples", &[Producer::R4Examples, Producer::UsCore]),
        ("unseen", &[Producer::Converters]),
    ]
}

fn measure<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    general: Option<&Dictionary>,
    typed: Option<&Dictionary>,
) -> Result<Sizes> {
    let mut plain = Compressor::new(1)?;
    let with = |dictionary: Option<&Dictionary>| {
        Compressor::with_dictionary(1, dictionary.map_or(&[], Dictionary::content))
    };
    let (mut general, mut typed) = (with(general)?, with(typed)?);
    let mut sizes = Sizes::default();
    for sample in samples {
        sizes.count += 1;
        sizes.json += sample.json.len();
        sizes.plain += plain.compress(&sample.json)?.len();
        sizes.general += general.compress(&sample.json)?.len();
        sizes.typed += typed.compress(&sample.json)?.len();
    }
    Ok(sizes)
}

impl Sizes {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.json += other.json;
        self.plain += other.plain;
        self.general += other.general;
        self.typed += other.typed;
    }

    fn print(&self, name: &str, label: &str) {
        let Self {
            count,
            json,
            plain,
            general,
            typed,
        } = *self;
        if count > 0 {
            let [json, plain, general, typed] = [json, plain, general, typed].map(|n| n / count);
            println!("{name} {label} {count} {json} {plain} {general} {typed}");
        }
    }
}
