//! Normal forms that the index and the query share.
//!
//! Blind search compares keyed hashes, so both sides must arrive at the same bytes; every rule
//! that decides what "the same" means is here and nowhere else.

mod alike;
mod canonical;
mod date;
mod fold;
mod number;
mod phonetic;
mod substring;
mod telephone;
mod token;
mod words;

pub use alike::{alike_codes, romanised, skeleton};
pub use canonical::canonical_range;
pub use date::date_range;
pub use fold::fold;
pub use number::{Number, parse_number};
pub use phonetic::sound_code;
pub use substring::{
    MAX_TRIGRAM_CHARS, PREFIX_LENGTHS, PrefixProbe, prefix_probe, prefixes, trigram_probe, trigrams,
};
pub use telephone::telephone_code;
pub use token::{UCUM, token_code};
pub use words::{MAX_WORD_CHARS, words};
