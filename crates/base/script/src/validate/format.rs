//! Values against the form of their field.

use super::Severity::{self, Error, Warning};
use super::sink::Sink;
use crate::codes;
use crate::model::{DateTime, Field, Format, Kind, Moment, Usage, Value, count, decimal};
use crate::xml::Element;

/// Checks an element that holds one value.
pub(super) fn check(element: &Element<'_>, field: &Field, path: &str, sink: &mut Sink<'_, '_>) {
    let mut report = |severity: Severity, rule: &'static str, sentence: String| {
        sink.add(severity, rule, path.to_owned(), element.offset(), sentence);
    };
    let wraps_value = matches!(field.kind, Kind::Count) && element.child("Value").is_some();
    if !matches!(field.kind, Kind::Moment) && element.elements().next().is_some() {
        let sentence = "the element is to hold a value, not elements".to_owned();
        report(
            if wraps_value { Warning } else { Error },
            "variant",
            sentence,
        );
    }
    let text = match field.kind {
        Kind::Moment => moment_text(element),
        Kind::Count => element
            .child("Value")
            .unwrap_or(element)
            .text()
            .into_owned(),
        _ => element.text().into_owned(),
    };
    if text.is_empty() {
        let severity = if field.rule.usage == Usage::Required {
            Error
        } else {
            Warning
        };
        return report(
            severity,
            "empty",
            "the element is empty; it is to be left out".to_owned(),
        );
    }
    if let Some((severity, rule, sentence)) = kind_fault(element, field.kind, &text) {
        report(severity, rule, sentence);
    }
    let length = text.chars().count();
    if field.rule.max > 0 && length > field.rule.max {
        let sentence = format!(
            "the value has {length} characters, at most {} are allowed",
            field.rule.max
        );
        report(Error, "length", sentence);
    }
    if let Some((severity, sentence)) = format_fault(field.rule.format, &text) {
        report(severity, "format", sentence);
    }
}

type Fault = (Severity, &'static str, String);

fn kind_fault(element: &Element<'_>, kind: Kind, text: &str) -> Option<Fault> {
    let error = |sentence: &str| Some((Error, "format", sentence.to_owned()));
    match kind {
        Kind::Decimal if decimal(text).is_none() => error("the value is no decimal number"),
        Kind::Count if count(text).is_none() => error("the value is no natural number"),
        Kind::Flag if bool::read(element).is_none() => error("the value is neither true nor false"),
        Kind::Flag if !["true", "false"].contains(&text) => Some((
            Warning,
            "variant",
            "the value is to be true or false".to_owned(),
        )),
        Kind::Moment if Moment::read(element).is_none() => error("the value is no date or time"),
        Kind::Moment if element.elements().next().is_none() => Some((
            Warning,
            "variant",
            "the date is to be in an element Date or DateTime".to_owned(),
        )),
        Kind::DateTime => match DateTime::read(element) {
            None => error("the value is no time with a date"),
            Some(time) if !time.has_offset() => Some((
                Warning,
                "offset",
                "the time does not say how far it is from UTC".to_owned(),
            )),
            Some(_) => None,
        },
        Kind::Attributed(name) => match element.attribute(name) {
            None => Some((
                Warning,
                "qualifier",
                format!("the attribute {name} is missing"),
            )),
            Some(value)
                if name == "Qualifier" && !codes::MAILBOX_QUALIFIER.contains(&value.as_ref()) =>
            {
                Some((
                    Warning,
                    "qualifier",
                    "the kind of address is unknown".to_owned(),
                ))
            }
            Some(_) => None,
        },
        _ => None,
    }
}

fn format_fault(format: Format, text: &str) -> Option<(Severity, String)> {
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    match format {
        Format::Codes(codes) if !codes.contains(&text) => Some((
            Error,
            format!("the code is not one of {}", codes.join(", ")),
        )),
        Format::Usual(codes) if !codes.contains(&text) => {
            Some((Warning, "the code is unusual here".to_owned()))
        }
        Format::Digits(least, most)
            if !is_digits(text) || !(least..=most).contains(&text.len()) =>
        {
            let number = if least == most {
                most.to_string()
            } else {
                format!("{least} to {most}")
            };
            Some((Error, format!("the value is not of {number} digits")))
        }
        Format::Npi if text.len() != 10 || !is_digits(text) => {
            Some((Error, "an NPI has ten digits".to_owned()))
        }
        Format::Npi if !codes::is_npi(text) => {
            Some((Warning, "the check digit of the NPI is wrong".to_owned()))
        }
        Format::Dea if !codes::is_dea(text) => {
            Some((Error, "the value is no DEA registration number".to_owned()))
        }
        Format::Telephone if text.len() != 10 || !is_digits(text) => Some((
            Warning,
            "a telephone number is ten digits without separators".to_owned(),
        )),
        _ => None,
    }
}

fn moment_text(element: &Element<'_>) -> String {
    let inner = element.child("Date").or_else(|| element.child("DateTime"));
    inner.unwrap_or(element).text().into_owned()
}
