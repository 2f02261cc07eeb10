//! Behaviour of the SCRIPT library as its users see it.

mod answers;
mod build;
mod generate;
mod hostile;
mod lossless;
mod outcomes;
mod properties;
mod read;
mod rules;
mod samples;
mod schemas;
