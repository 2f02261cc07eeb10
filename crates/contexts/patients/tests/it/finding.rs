//! Finding people by what is remembered of them.

use mt_patients::Wanted;
use serde_json::json;

use crate::world::{Practice, named};

#[tokio::test]
async fn misspelt_names_find_whom_they_mean_and_the_better_fit_comes_first() {
    let practice = Practice::new().await;
    for (given, family) in [
        ("John", "Smith"),
        ("Joan", "Smithson"),
        ("Catherine", "Müller"),
        ("José", "Hernández"),
        ("Stephen", "O'Brien"),
        ("Lakshmi", "Chaudhary"),
        ("अमित", "शर्मा"),
        ("Mohammed", "Agarwal"),
        ("Nguyen", "Tran"),
        ("Maria", "Garcia"),
        ("Peter", "Zimmermann"),
    ] {
        practice.register(named(given, family)).await.unwrap();
    }
    let desk = practice.desk();
    for (text, first) in [
        ("John Smith", "John Smith"),
        ("Jon Smyth", "John Smith"),
        ("Smiht", "John Smith"),
        ("smi", "John Smith"),
        ("jhon smith", "John Smith"),
        ("Smithsen", "Joan Smithson"),
        ("Muller Katherine", "Catherine Müller"),
        ("Mueller Cathrine", "Catherine Müller"),
        ("Jose Hernandez", "José Hernández"),
        ("Hernandes", "José Hernández"),
        ("Steven OBrien", "Stephen O'Brien"),
        ("Steven O'Brian", "Stephen O'Brien"),
        ("Laxmi Chowdhury", "Lakshmi Chaudhary"),
        ("Lakshmi Choudhari", "Lakshmi Chaudhary"),
        ("Amit Sharma", "अमित शर्मा"),
        ("Sharma", "अमित शर्मा"),
        ("Muhammad Aggarwal", "Mohammed Agarwal"),
        ("Nugyen", "Nguyen Tran"),
        ("Gracia", "Maria Garcia"),
        ("Zimerman", "Peter Zimmermann"),
    ] {
        let found = practice.found(&desk, text).await;
        assert_eq!(
            found.first().map(String::as_str),
            Some(first),
            "{text}: {found:?}"
        );
    }
    for text in ["Jones", "John Garcia", "Xyz"] {
        assert_eq!(practice.found(&desk, text).await, [""; 0], "{text}");
    }
}

#[tokio::test]
async fn dates_numbers_and_telephones_narrow_the_search() {
    let practice = Practice::new().await;
    let person = |given: &str, birth: &str, phone: &str| json!({"family": "Smith", "given": [given], "birthDate": birth, "phone": phone});
    let ann = practice
        .register(person("Ann", "1980-03-07", "+1 (555) 123-4567"))
        .await
        .unwrap();
    practice
        .register(person("Bea", "1975-11-30", "5559876543"))
        .await
        .unwrap();
    let desk = practice.desk();
    let number = &ann.numbers[0].value;
    for (text, expected) in [
        ("Smith 1980-03-07", &["Ann Smith"][..]),
        ("smyth 7/3/80", &["Ann Smith"]),
        ("smith 3/7/1980", &["Ann Smith"]),
        ("1975-11-30", &["Bea Smith"]),
        (number, &["Ann Smith"]),
        (&number.to_lowercase(), &["Ann Smith"]),
        (&format!("#{number}"), &["Ann Smith"]),
        ("5559876543", &["Bea Smith"]),
        ("+1 555 987-6543", &["Bea Smith"]),
        ("(555) 123 4567", &["Ann Smith"]),
        ("555.123.4567", &["Ann Smith"]),
        ("1234567", &["Ann Smith"]),
        ("777 123 4567", &[]),
        ("smith", &["Ann Smith", "Bea Smith"]),
        ("smith 1960-01-01", &[]),
    ] {
        assert_eq!(practice.found(&desk, text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn everybody_is_listed_page_by_page() {
    let practice = Practice::new().await;
    for at in 0..5 {
        let letter = char::from(b'A' + at);
        practice
            .register(named("Ann", &format!("{letter}{letter}{letter}ton")))
            .await
            .unwrap();
    }
    let desk = practice.desk();
    let mut wanted = Wanted {
        limit: Some(2),
        ..Wanted::default()
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        let page = practice.patients.find(&desk, &wanted).await.unwrap();
        seen.extend(page.items.into_iter().map(|found| found.patient.id));
        wanted.cursor = page.next;
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), wanted.cursor), (5, None));
    let wrong = Wanted {
        limit: Some(0),
        ..Wanted::default()
    };
    assert!(practice.patients.find(&desk, &wrong).await.is_err());
}
