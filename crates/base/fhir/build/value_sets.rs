//! Enumerated value sets as sorted literals.

use std::fmt::Write;

use serde_json::Value;

use crate::model::{Model, text};

pub(crate) fn table(model: &Model<'_>) -> String {
    let mut out = String::new();
    writeln!(
        out,
        "pub(super) static VALUE_SETS: [ValueSet; {}] = [",
        model.value_sets.len()
    )
    .expect("infallible");
    for value_set in &model.value_sets {
        let codes: String = codes(value_set)
            .iter()
            .map(|(code, system)| format!("Code{{code:{code:?},system:{system:?}}},"))
            .collect();
        writeln!(
            out,
            "ValueSet{{url:{:?},codes:&[{codes}]}},",
            text(&value_set["url"])
        )
        .expect("infallible");
    }
    out.push_str("];\n");
    out
}

fn codes(value_set: &Value) -> Vec<(&str, &str)> {
    let mut codes: Vec<(&str, &str)> = value_set["systems"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(system, codes)| {
            codes
                .as_array()
                .into_iter()
                .flatten()
                .map(move |c| (text(c), system.as_str()))
        })
        .collect();
    codes.sort_unstable();
    codes
}
