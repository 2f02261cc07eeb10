//! The closed set of error kinds.
//!
//! Every context error maps to one [`ErrorKind`]; the HTTP edge maps a kind once to a status
//! and, on FHIR routes, to an `OperationOutcome` issue type.

use std::borrow::Cow;

/// What went wrong, as the caller must understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be understood (malformed syntax).
    Malformed,
    /// The request is understood and breaks a rule (validation, business rule).
    Invalid,
    /// Nobody is signed in, or the token is not good.
    Unauthenticated,
    /// The actor may not do this.
    Forbidden,
    /// There is no such thing, or its existence is secret.
    NotFound,
    /// It was there and has been deleted.
    Gone,
    /// The state does not allow it, or somebody else changed it first.
    Conflict,
    /// A stated precondition (`If-Match`, conditional criteria) does not hold.
    Precondition,
    /// An input is larger than the limit.
    TooLarge,
    /// Too many requests, or a quota is used up.
    TooMany,
    /// The search or operation would cost more than it may.
    TooCostly,
    /// The storage that the tenant may use is used up; what needs none goes on.
    Full,
    /// The server does not support this.
    Unsupported,
    /// A part that is needed does not answer; trying again may help.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl ErrorKind {
    /// HTTP status code of this kind.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden | Self::TooCostly => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::Precondition => 412,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Unsupported => 501,
            Self::Unavailable => 503,
            Self::Internal => 500,
            Self::Full => 507,
        }
    }

    /// FHIR R4 `issue-type` code of this kind (<http://hl7.org/fhir/R4/valueset-issue-type.html>).
    #[must_use]
    pub const fn issue_type(self) -> &'static str {
        match self {
            Self::Malformed => "structure",
            Self::Invalid => "invalid",
            Self::Unauthenticated => "login",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Gone => "deleted",
            Self::Conflict | Self::Precondition => "conflict",
            Self::TooLarge => "too-long",
            Self::TooMany => "throttled",
            Self::TooCostly => "too-costly",
            Self::Full => "no-store",
            Self::Unsupported => "not-supported",
            Self::Unavailable => "transient",
            Self::Internal => "exception",
        }
    }
}

/// An error as a value: a kind and one sentence for a person.
///
/// The sentence is lower case, carries no full stop and **never** any health information;
/// the `expression` names the place (a FHIRPath, a parameter name) when there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// The kind.
    pub kind: ErrorKind,
    /// One sentence for a person.
    pub message: Cow<'static, str>,
    /// Where in the input, when known.
    pub expression: Option<String>,
}

impl Fault {
    /// A fault of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            expression: None,
        }
    }

    /// Names the place in the input that is wrong.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }
}
