//! The shipped dictionaries.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use mt_crypto::{
    BodyAad, CryptoError, Dictionaries, Dictionary, DictionaryId, ShippedDictionaries, open_body,
    open_dictionary, seal_body, seal_dictionary, sealed_body_header, sha256, train,
};

use crate::fixture::{PLACE, keys, observation};

/// Every shipped type under a number of its own, in order.
fn registry() -> Dictionaries {
    let names: Vec<_> = ShippedDictionaries::list()
        .filter_map(|(_, name)| name)
        .collect();
    let number = |name: &str| {
        names
            .iter()
            .position(|known| *known == name)
            .map(|at| at as u16)
    };
    Dictionaries::new(ShippedDictionaries::new(number))
}

#[test]
fn released_dictionaries_keep_their_content() {
    let mut found = String::new();
    for (id, name) in ShippedDictionaries::list() {
        let content = sha256(registry().get(id).unwrap().content());
        let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(found, "{hex}  {}", ShippedDictionaries::file_name(id, name)).unwrap();
    }
    assert_eq!(found, include_str!("../data/dictionaries.sha256"));
}

#[test]
fn shipped_numbers_are_distinct_and_below_the_own_ones() {
    let ids: BTreeSet<_> = ShippedDictionaries::list().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), ShippedDictionaries::list().count());
    assert!(
        ids.iter()
            .all(|id| !id.is_own() && *id != DictionaryId::NONE)
    );
    assert!(DictionaryId::FIRST_OWN.is_own());
}

#[test]
fn each_type_is_sealed_with_its_dictionary_and_others_with_the_general_one() {
    let (keys, registry) = (keys(), registry());
    let json = include_bytes!("../data/observation.json");
    let types = ShippedDictionaries::list().filter(|(_, name)| name.is_some());
    let expected = types
        .map(|(id, _)| id)
        .chain([DictionaryId(1), DictionaryId(1)]);
    for (resource_type, id) in expected.enumerate() {
        let place = BodyAad {
            resource_type: resource_type as u16,
            ..PLACE
        };
        let sealed = seal_body(&keys, &registry, &place, json).unwrap();
        assert_eq!(sealed_body_header(&sealed).unwrap().dictionary, id);
        assert_eq!(open_body(&keys, &registry, &place, &sealed).unwrap(), json);
    }
}

#[test]
fn an_observation_of_an_unknown_producer_shrinks_to_a_third() {
    let json = include_bytes!("../data/observation.json");
    let registry = registry();
    let place = BodyAad {
        resource_type: 1,
        ..PLACE
    };
    assert_eq!(
        ShippedDictionaries::list().nth(2).unwrap().1,
        Some("Observation")
    );
    let sealed = seal_body(&keys(), &registry, &place, json).unwrap();
    assert!(
        sealed.len() * 3 < json.len(),
        "{} of {}",
        sealed.len(),
        json.len()
    );
}

#[test]
fn a_number_that_was_never_shipped_is_unknown() {
    let keys = keys();
    let mut sealed = seal_body(&keys, &registry(), &PLACE, b"{}").unwrap();
    sealed[5..7].copy_from_slice(&0x7fff_u16.to_be_bytes());
    let refused = open_body(&keys, &registry(), &PLACE, &sealed);
    assert!(matches!(
        refused,
        Err(CryptoError::UnknownDictionary(DictionaryId(0x7fff)))
    ));
}

#[test]
fn a_dictionary_under_another_number_is_refused() {
    let keys = keys();
    let samples: Vec<_> = (0..400).map(observation).collect();
    let stored =
        seal_dictionary(&keys, &train(DictionaryId(0x8001), &samples, 4096).unwrap()).unwrap();
    let other = open_dictionary(&keys, DictionaryId(0x8002), &stored);
    assert!(matches!(other, Err(CryptoError::NotAuthentic)));
}

#[test]
fn too_few_samples_make_no_dictionary() {
    let samples: Vec<_> = (0..3).map(observation).collect();
    let trained = train(DictionaryId(0x8001), &samples, 4096);
    assert!(matches!(trained, Err(CryptoError::Untrainable)));
}

#[test]
fn bytes_that_are_no_dictionary_are_refused() {
    let garbage = [&0xEC30_A437_u32.to_le_bytes()[..], &[0xff; 60]].concat();
    for content in [vec![], b"text".to_vec(), garbage] {
        let refused = Dictionary::new(DictionaryId(0x8001), content);
        assert!(matches!(refused, Err(CryptoError::Malformed(_))));
    }
}

#[test]
fn a_body_opens_once_its_own_dictionary_is_loaded() {
    let keys = keys();
    let samples: Vec<_> = (0..400).map(observation).collect();
    let id = DictionaryId(0x8001);
    let dictionary = train(id, &samples, 4096).unwrap();
    let stored = seal_dictionary(&keys, &dictionary).unwrap();
    let writer = registry();
    writer.activate(1, Arc::new(dictionary)).unwrap();
    let json = observation(4711);
    let sealed = seal_body(&keys, &writer, &PLACE, &json).unwrap();
    assert_eq!(sealed_body_header(&sealed).unwrap().dictionary, id);
    assert!(sealed.len() < seal_body(&keys, &registry(), &PLACE, &json).unwrap().len());

    let reader = registry();
    let missing = open_body(&keys, &reader, &PLACE, &sealed).unwrap_err();
    assert!(matches!(missing, CryptoError::UnknownDictionary(missing) if missing == id));
    reader
        .load(Arc::new(open_dictionary(&keys, id, &stored).unwrap()))
        .unwrap();
    assert_eq!(open_body(&keys, &reader, &PLACE, &sealed).unwrap(), json);
    assert_ne!(
        reader.for_type(1).map(|d| d.id()),
        Some(id),
        "loading does not activate"
    );
}

#[test]
fn an_own_dictionary_with_a_shipped_number_is_refused() {
    let samples: Vec<_> = (0..400).map(observation).collect();
    let dictionary = Arc::new(train(DictionaryId(3), &samples, 4096).unwrap());
    let refusals = [
        registry().load(Arc::clone(&dictionary)),
        registry().activate(1, dictionary),
    ];
    for refused in refusals {
        assert!(matches!(
            refused,
            Err(CryptoError::NotOwnDictionary(DictionaryId(3)))
        ));
    }
}
