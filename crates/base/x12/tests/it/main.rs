//! Integration tests: the public interface against real files, generated faults and outside tools.

mod documents;
mod mutants;
mod oracles;
mod outcomes;
mod round_trip;
mod samples;
