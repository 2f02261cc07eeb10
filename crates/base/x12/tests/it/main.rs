//! Integration tests: the public interface against real files, generated faults and outside tools.

mod outcomes;
mod samples;
