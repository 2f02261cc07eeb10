//! Messages at random, made from the shapes themselves: every transaction, every field.

use mt_script::model::{Field, Format, Header, Kind, Shape, Usage};
use mt_script::{Transaction, Version};

/// Chooses by a seed (an xorshift generator: small, and the same everywhere).
pub(crate) struct Choice(u64);

impl Choice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below the bound")
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

/// The noise of senders: comments, unknown elements, white space.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Noise {
    None,
    Some,
}

/// A message of a transaction. Without noise it keeps the schema.
pub(crate) fn message(
    transaction: Transaction,
    version: Version,
    noise: Noise,
    choice: &mut Choice,
) -> String {
    let stamps: String = [
        "DatatypesVersion",
        "TransportVersion",
        "TransactionVersion",
        "StructuresVersion",
        "ECLVersion",
    ]
    .iter()
    .map(|name| format!(" {name}=\"{}\"", version.stamp()))
    .collect();
    let header = record(Header::SHAPE, noise, choice);
    let body = record(transaction.shape(), noise, choice);
    let name = transaction.name();
    format!(
        "<Message{stamps} TransactionDomain=\"SCRIPT\"><Header>{header}</Header><Body><{name}>{body}</{name}></Body></Message>"
    )
}

fn record(shape: &Shape, noise: Noise, choice: &mut Choice) -> String {
    let mut out = String::new();
    for field in shape.fields {
        if noise == Noise::Some {
            out.push_str(choice.of(&[
                "",
                "",
                "\n  ",
                "<!-- c -->",
                "<Vendor a='1'>&#65;</Vendor>",
                "<?pi x?>",
            ]));
        }
        let times = match (field.rule.usage, field.many) {
            (Usage::Optional, false) => choice.below(3).min(1),
            (Usage::Optional, true) => choice.below(6).saturating_sub(3),
            (_, false) => 1,
            (_, true) => 1 + choice.below(2),
        };
        for _ in 0..times {
            out.push_str(&element(field, noise, choice));
        }
    }
    out
}

fn element(field: &Field, noise: Noise, choice: &mut Choice) -> String {
    let name = field.name;
    let (attribute, content) = match field.kind {
        Kind::Record(shape) => (String::new(), record(shape, noise, choice)),
        Kind::Moment => (
            String::new(),
            choice
                .of(&[
                    "<Date>2024-02-29</Date>",
                    "<DateTime>2026-01-15T09:30:00.5Z</DateTime>",
                ])
                .to_owned(),
        ),
        Kind::DateTime => (
            String::new(),
            choice
                .of(&["2026-01-15T09:30:00Z", "2026-01-15T09:30:00-05:00"])
                .to_owned(),
        ),
        Kind::Flag => (String::new(), choice.of(&["true", "false"]).to_owned()),
        Kind::Decimal => (
            String::new(),
            choice.of(&["1", "0.5", "30", "2.50"]).to_owned(),
        ),
        Kind::Attributed(attribute) => (
            format!(" {attribute}=\"{}\"", choice.of(&["P", "D", "a&amp;b"])),
            choice.of(&["7", "x &lt; y"]).to_owned(),
        ),
        Kind::Opaque(attribute) => (
            attribute
                .map(|name| format!(" {name}=\"1.1\""))
                .unwrap_or_default(),
            choice
                .of(&["text", "<Inner q='1'>x<!-- c --></Inner>", "<A/><B> y </B>"])
                .to_owned(),
        ),
        Kind::Text | Kind::Count => (String::new(), text(field, choice)),
    };
    format!("<{name}{attribute}>{content}</{name}>")
}

fn text(field: &Field, choice: &mut Choice) -> String {
    let most = if field.rule.max == 0 {
        40
    } else {
        field.rule.max
    };
    match field.rule.format {
        Format::Codes(codes) | Format::Usual(codes) => choice.of(codes).to_owned(),
        Format::Digits(least, _) => "1".repeat(least),
        Format::Npi => "1234567893".to_owned(),
        Format::Dea => "AB1234563".to_owned(),
        Format::Telephone => "7035550123".to_owned(),
        Format::Any if matches!(field.kind, Kind::Count) => "12".to_owned(),
        Format::Any => {
            let text = choice.of(&["A", "Testpatient", "Søren \u{2265} 1", "<b> & \"c\" 'd'"]);
            let text: String = text.chars().take(most).collect();
            text.trim()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        }
    }
}
