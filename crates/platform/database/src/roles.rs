//! The three roles of a MediTrack database.
//!
//! Their names are fixed so that migrations can grant to them; on an external server the login
//! users are members of them.

/// Superuser of a private cluster; does not exist on an external server.
pub const ADMIN: &str = "meditrack_admin";
/// Owns schemas and tables and runs migrations.
pub const OWNER: &str = "meditrack_owner";
/// Serves requests: owns nothing, bypasses nothing.
pub const APP: &str = "meditrack_app";
/// The database of a private cluster.
pub const DATABASE: &str = "meditrack";
