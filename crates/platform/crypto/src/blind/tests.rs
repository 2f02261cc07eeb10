//! Laws of tokens, ids and shifts.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn index(seed: u8) -> BlindIndex {
    BlindIndex::new(KeyId(1), &DataKey::from_bytes([seed; 32])).unwrap()
}

fn ids() -> ResourceIds {
    ResourceIds::new(&DataKey::from_bytes([3; 32])).unwrap()
}

/// Records what a hasher is fed.
#[derive(Default)]
struct Recorder(Vec<u8>);

impl std::hash::Hasher for Recorder {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn finish(&self) -> u64 {
        0
    }
}

fn encoding(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut recorder = Recorder::default();
    write_parts(&mut recorder, parts);
    recorder.0
}

proptest! {
    #[test]
    fn the_encoding_of_parts_is_injective(
        a in vec(vec(0u8..3, 0..4), 0..4),
        b in vec(vec(0u8..3, 0..4), 0..4),
    ) {
        prop_assert_eq!(a == b, encoding(&a) == encoding(&b));
    }

    #[test]
    fn long_parts_are_encoded_like_short_ones(parts in vec(vec(any::<u8>(), 0..300), 0..5)) {
        let mut expected = Vec::new();
        for part in &parts {
            if part.len() >= 128 {
                expected.push(part.len() as u8 | 0x80);
            }
            expected.push((if part.len() >= 128 { part.len() >> 7 } else { part.len() }) as u8);
            expected.extend_from_slice(part);
        }
        prop_assert_eq!(encoding(&parts), expected);
    }

    #[test]
    fn a_scope_continues_where_it_stopped(
        head in vec(vec(any::<u8>(), 0..20), 0..4),
        tail in vec(vec(any::<u8>(), 0..20), 0..4),
    ) {
        let whole: Vec<_> = head.iter().chain(&tail).cloned().collect();
        let index = index(1);
        prop_assert_eq!(index.scope(&head).token(&tail), index.token(&whole));
        prop_assert_eq!(index.scope(&head).scope(&tail).token::<&[u8]>(&[]), index.token(&whole));
    }

    #[test]
    fn any_id_has_one_key_and_only_canonical_uuids_keep_theirs(id in "[A-Za-z0-9.-]{1,64}") {
        let key = ids().key_of(7, &id);
        prop_assert_eq!(key, ids().key_of(7, &id));
        prop_assert_ne!(key, ids().key_of(8, &id));
        prop_assert!(ResourceIds::is_hashed(key));
    }

    #[test]
    fn the_shift_keeps_order_and_distance(
        seed: u8, a in -(1i64 << 58)..1 << 58, b in -(1i64 << 58)..1 << 58,
    ) {
        let shift = DateShift::new(&DataKey::from_bytes([seed; 32])).unwrap();
        prop_assert_eq!(shift.apply(a) - shift.apply(b), a - b);
        prop_assert_eq!(shift.undo(shift.apply(a)), a);
        prop_assert_ne!(shift.apply(a), a);
    }
}

#[test]
fn open_ends_stay_open_under_the_shift() {
    let shift = DateShift::new(&DataKey::from_bytes([1; 32])).unwrap();
    for end in [i64::MIN, i64::MAX] {
        assert_eq!((shift.apply(end), shift.undo(end)), (end, end));
    }
}

#[test]
fn tokens_depend_on_the_key() {
    assert_ne!(index(1).token(&["a"]), index(2).token(&["a"]));
}

#[test]
fn server_made_ids_are_their_own_keys_and_look_alikes_are_hashed() {
    let server = "0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d";
    assert_eq!(ids().key_of(1, server).to_string(), server);
    for other in [
        "0193F0A2-7C1E-7B3A-9C4D-2F6E8A1B0C3D",
        "0193f0a27c1e7b3a9c4d2f6e8a1b0c3d",
        "0193f0a2-7c1e-8b3a-9c4d-2f6e8a1b0c3d",
        "{0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d}",
        "urn:uuid:0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d",
        "patient-1",
    ] {
        let key = ids().key_of(1, other);
        assert!(ResourceIds::is_hashed(key), "{other}");
        assert_eq!(key.get_variant(), uuid::Variant::RFC4122);
        assert_ne!(key.to_string(), other);
    }
}

/// The vectors of the SipHash paper: key 00…0f, message 00…0e, 64 and 128 bits.
#[test]
fn siphash_agrees_with_its_reference_vectors() {
    let key: [u8; 16] = std::array::from_fn(|i| i as u8);
    let message: [u8; 15] = std::array::from_fn(|i| i as u8);
    let mut narrow = SipHasher24::new_with_key(&key);
    // Written in two pieces: streaming must equal the whole.
    narrow.write(&message[..4]);
    narrow.write(&message[4..]);
    assert_eq!(narrow.finish(), 0xa129_ca61_49be_45e5);
    let empty = SipHasher24x128::new_with_key(&key).finish128().as_bytes();
    let expected = [
        0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
        0x93,
    ];
    assert_eq!(empty, expected);
}
