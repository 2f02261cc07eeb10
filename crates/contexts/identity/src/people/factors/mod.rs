//! Second factors: codes of an authenticator app, recovery codes, and how many passkeys there are.

mod recovery;
mod totp;

pub(crate) use recovery::Recovery;
pub(crate) use totp::{Secret as TotpSecret, Totp};

/// Which second factors an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// An authenticator app.
    pub totp: bool,
    /// Passkeys.
    pub passkeys: u32,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

impl Factors {
    /// Whether there is a second factor at all. Recovery codes alone are none: they replace a lost one.
    #[must_use]
    pub const fn any(self) -> bool {
        self.totp || self.passkeys > 0
    }
}
