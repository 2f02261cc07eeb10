//! Prints what sealing, opening and tokens cost: `cargo bench -p mt-crypto`.
//!
//! Each line is the best of several rounds, because the machine is rarely ours alone.

#![allow(
    clippy::print_stdout,
    reason = "a measurement that reports to its operator"
)]
#![allow(clippy::unwrap_used, reason = "a failed step fails the measurement")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use futures::executor::block_on;
use mt_crypto::{
    BodyAad, Dictionaries, FileKeyring, KeyService, LogKeyUse, Purpose, ShippedDictionaries,
    TenantKeys, open_body_into, seal, seal_body,
};
use mt_kernel::TenantId;
use uuid::Uuid;

const ROUNDS: usize = 30;
const CALLS: u32 = 2_000;
const OBSERVATION: u16 = 1;
/// A laboratory panel of 1.4 kB, from a producer that the shipped dictionaries never saw.
const SAMPLE: &[u8] = include_bytes!("../tests/data/observation.json");

fn main() {
    let keys = keys();
    let shipped = ShippedDictionaries::new(|name| (name == "Observation").then_some(OBSERVATION));
    let dictionaries = Dictionaries::new(shipped);
    let place = BodyAad {
        resource_type: OBSERVATION,
        id: Uuid::from_u128(7),
        version: 1,
    };
    let sealed = seal_body(&keys, &dictionaries, &place, SAMPLE).unwrap();
    println!(
        "observation of {} bytes, sealed {}",
        SAMPLE.len(),
        sealed.len()
    );
    measure("compress and seal a body", || {
        seal_body(&keys, &dictionaries, &place, black_box(SAMPLE))
            .unwrap()
            .len()
    });
    let mut json = Vec::new();
    measure("open and inflate a body", || {
        open_body_into(&keys, &dictionaries, &place, black_box(&sealed), &mut json).unwrap();
        json.len()
    });
    measure("seal a cursor of 64 bytes", || {
        seal(&keys, Purpose::Cursor, b"search", black_box(&[7; 64]))
            .unwrap()
            .len()
    });
    let index = keys.blind_index().unwrap();
    let parts = ["Observation", "code", "http://loinc.org", "8480-6"];
    measure("token of four parts", || index.token(black_box(&parts)));
    let scope = index.scope(&parts[..2]);
    measure("token of two parts in a scope", || {
        scope.token(black_box(&parts[2..]))
    });
    let ids = keys.resource_ids().unwrap();
    measure("key of a client-chosen id", || {
        ids.key_of(OBSERVATION, black_box("patient-0815"))
    });
    measure("key of a server-made id", || {
        ids.key_of(
            OBSERVATION,
            black_box("0193f0a2-7c1e-7b3a-9c4d-2f6e8a1b0c3d"),
        )
    });
}

fn keys() -> TenantKeys {
    let directory = tempfile::tempdir().unwrap();
    let keyring = FileKeyring::open(directory.path().join("keyring")).unwrap();
    let service = KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse));
    let rows = block_on(service.complete(TenantId(1), &[])).unwrap();
    block_on(service.load(TenantId(1), &rows)).unwrap()
}

fn measure<R>(what: &str, mut call: impl FnMut() -> R) {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(call());
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
    };
    let best = (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min);
    println!("{best:8.3} µs  {what}");
}
