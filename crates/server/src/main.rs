//! The `meditrack` command.

fn main() {}
