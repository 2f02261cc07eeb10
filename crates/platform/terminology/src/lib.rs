//! Code systems and value sets: built in, loaded, looked up.
