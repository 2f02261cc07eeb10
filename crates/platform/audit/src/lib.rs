//! Audit trail: journal, Merkle log, proofs.
