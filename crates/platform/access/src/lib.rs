//! Who may do what: tokens, scopes, the permission matrix.
