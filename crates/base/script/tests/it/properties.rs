//! Laws of reading and writing, for every transaction and field.

use mt_script::{Document, Message, Transaction, Version};
use proptest::prelude::*;

use crate::generate::{Choice, Noise, message};

fn transactions() -> impl Strategy<Value = (Transaction, Version)> {
    (
        prop::sample::select(Transaction::ALL),
        prop::sample::select(&Version::ALL[..]),
    )
}

fn read(text: &str) -> Message {
    Document::parse(text.as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
        .message()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_read_is_written_and_read_the_same((transaction, version) in transactions(), seed: u64) {
        let text = message(transaction, version, Noise::Some, &mut Choice::new(seed));
        let first = read(&text);
        prop_assert_eq!(&read(&first.to_string()), &first);
    }

    #[test]
    fn what_is_read_is_written_byte_for_byte((transaction, version) in transactions(), seed: u64) {
        let text = message(transaction, version, Noise::Some, &mut Choice::new(seed));
        let mut document = Document::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&document.write(), &text);
        let same = document.message();
        prop_assert!(document.update(&same));
        prop_assert_eq!(&document.write(), &text);
    }

    #[test]
    fn an_update_says_the_new_message_and_its_undoing_the_old(
        (transaction, version) in transactions(), seed: u64, other: u64,
    ) {
        let text = message(transaction, version, Noise::Some, &mut Choice::new(seed));
        let changed = read(&message(transaction, version, Noise::None, &mut Choice::new(other)));
        let mut document = Document::parse(text.as_bytes()).unwrap();
        let original = document.message();
        prop_assert!(document.update(&changed));
        prop_assert_eq!(&read(&document.write()), &changed);
        prop_assert!(document.update(&original));
        prop_assert_eq!(&read(&document.write()), &original);
    }
}
