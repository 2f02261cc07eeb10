//! Search: what is read can be printed, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_fhir::definitions::ResourceType;
use mt_kernel::Instant;
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope, decode_pairs};

const TYPES: [ResourceType; 4] = [
    ResourceType::PATIENT,
    ResourceType::OBSERVATION,
    ResourceType::LOCATION,
    ResourceType::VALUE_SET,
];

fuzz_target!(|data: &str| {
    let registry = ParamRegistry::official();
    let scope = match TYPES.get(data.len() % (TYPES.len() + 1)) {
        Some(resource_type) => Scope::resource(*resource_type),
        None => Scope::system(),
    };
    let Ok(pairs) = decode_pairs(data) else { return };
    let lenient = ParseOptions::at(Instant(0));
    let Ok(query) = Query::parse(&registry, scope.clone(), &pairs, &lenient) else { return };
    let strict = ParseOptions { handling: Handling::Strict, ..lenient };
    let again = Query::parse(&registry, scope, &query.applied(), &strict);
    let again = again.expect("what was printed can be read");
    assert_eq!(again.applied(), query.applied());
});
