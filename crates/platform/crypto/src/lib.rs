//! Keys, sealing, blind tokens and dictionaries.
