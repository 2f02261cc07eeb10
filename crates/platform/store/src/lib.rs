//! The record store: one write path, one read path, sealed and searchable.
