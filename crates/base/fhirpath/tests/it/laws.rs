//! Laws of dates, patches and the parser.

use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::Expr;
use mt_fhirpath::patch;
use mt_fhirpath::system::{CalendarUnit, Date, DateTime};
use proptest::prelude::*;

fn date() -> impl Strategy<Value = Date> {
    (1900i16..2100, 1u8..13, 1u8..29, 0u8..3).prop_map(|(year, month, day, parts)| {
        let month = (parts > 0).then_some(month);
        Date::new(year, month, month.filter(|_| parts > 1).map(|_| day)).expect("a date")
    })
}

fn date_time() -> impl Strategy<Value = DateTime> {
    let time = (
        0u8..24,
        0u8..60,
        0u8..60,
        0u32..1000,
        0u8..4,
        prop::option::of(-720i32..840),
    );
    (1999i16..2002, 1u8..13, 1u8..29, time).prop_map(
        |(year, month, day, (hour, minute, second, millisecond, parts, offset))| {
            let mut text = format!("{year}-{month:02}-{day:02}T{hour:02}");
            for (level, part) in [
                (1, format!(":{minute:02}")),
                (2, format!(":{second:02}")),
                (3, format!(".{millisecond:03}")),
            ] {
                if parts >= level {
                    text.push_str(&part);
                }
            }
            if let Some(offset) = offset {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.abs();
                text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
            }
            DateTime::parse(&text).expect("a date-time")
        },
    )
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|n| n.to_string()),
        "[a-z]{0,4}".prop_map(|s| format!("{s:?}"))
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map("[a-z~/]{1,3}", inner, 0..3).prop_map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(k, v)| format!("{k:?}:{v}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn dates_move_there_and_back(date in date(), days in -20_000i64..20_000) {
        prop_assume!(date.day().is_some());
        let moved = date.plus(days, CalendarUnit::Day).expect("in range");
        prop_assert_eq!(moved.plus(-days, CalendarUnit::Day), Some(date));
        prop_assert_eq!(moved.compare(date), Some(days.cmp(&0)));
    }

    #[test]
    fn the_order_of_dates_is_antisymmetric(a in date(), b in date()) {
        prop_assert_eq!(a.compare(b), b.compare(a).map(std::cmp::Ordering::reverse));
        prop_assert_eq!(a.to_string().parse::<String>().ok().and_then(|t| Date::parse(&t)), Some(a));
    }

    #[test]
    fn the_order_of_date_times_is_antisymmetric_and_certain(a in date_time(), b in date_time()) {
        prop_assert_eq!(a.compare(b), b.compare(a).map(std::cmp::Ordering::reverse));
        prop_assert_eq!(DateTime::parse(&a.to_string()), Some(a));
        // More precision never reverses a certain answer.
        let coarse = DateTime::from(a.date()).compare(DateTime::from(b.date()));
        if let (None, None, Some(coarse)) = (a.offset(), b.offset(), coarse.filter(|o| o.is_ne())) {
            prop_assert_eq!(a.compare(b), Some(coarse));
        }
    }

    #[test]
    fn what_a_patch_adds_a_patch_removes(before in value(), added in value()) {
        let parse = |text: &str| Doc::parse(text, &Limits::default()).expect("JSON");
        let original = parse(&format!(r#"{{"list":[1,{before}],"b":{before}}}"#));
        let mut doc = original.clone();
        for path in ["/new", "/list/1", "/list/-"] {
            let add = parse(&format!(r#"[{{"op":"add","path":"{path}","value":{added}}}]"#));
            let path = path.replace('-', "2");
            let test = parse(&format!(r#"[{{"op":"test","path":"{path}","value":{added}}},{{"op":"remove","path":"{path}"}}]"#));
            prop_assert_eq!(patch::apply_json(&mut doc, add.root()), Ok(()));
            prop_assert!(doc != original);
            prop_assert_eq!(patch::apply_json(&mut doc, test.root()), Ok(()));
            prop_assert!(doc == original);
        }
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,60}") {
        if let Err(error) = Expr::parse(&text) {
            prop_assert!(error.position <= text.len());
        }
    }
}
