//! The symbol table of JSON element names.

use std::fmt::Write;

use crate::model::{Model, constant_name};

#[path = "../src/names/hash.rs"]
mod hash;

/// The names by number and the open-addressing table that finds a number by name.
pub(crate) fn table(model: &Model<'_>) -> String {
    let mut slots = vec![0_usize; hash::SLOTS];
    for (index, name) in model.names.iter().enumerate() {
        let mut slot = hash::slot(name.as_bytes());
        while slots[slot] != 0 {
            slot = hash::next(slot);
        }
        slots[slot] = index + 1;
    }
    let mut out = String::new();
    let count = model.names.len() + 1;
    writeln!(out, "static NAME_TEXTS: [&str; {count}] = [\"\",").expect("infallible");
    for name in &model.names {
        write!(out, "{name:?},").expect("infallible");
    }
    write!(
        out,
        "];\nstatic NAME_SLOTS: [u16; {}] = {slots:?};",
        hash::SLOTS
    )
    .expect("infallible");
    out
}

pub(crate) fn constants(model: &Model<'_>) -> String {
    let mut out = String::new();
    for (index, name) in model.names.iter().enumerate() {
        let (constant, number) = (constant_name(name), index + 1);
        writeln!(
            out,
            "/// `{name}`\npub const {constant}: Name = Name({number});"
        )
        .expect("infallible");
    }
    out
}
