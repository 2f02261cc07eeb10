//! Refusals of the FHIR interface: faults, and the headers that belong to them.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome, Severity};
use mt_kernel::{ErrorKind, Fault};
use mt_search::QueryError;
use mt_store::StoreError;

/// Result of an interaction.
pub(crate) type Result<T, E = FhirError> = std::result::Result<T, E>;

/// Why an interaction is refused.
#[derive(Clone, Debug)]
pub(crate) struct FhirError {
    pub(crate) kind: ErrorKind,
    pub(crate) issues: Vec<Issue>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// A status that HTTP has for exactly this; otherwise the kind tells.
    status: Option<StatusCode>,
}

impl FhirError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::from(Fault::new(kind, message.into()))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "there is no such resource")
    }

    /// A parameter of the request that is wrong, by name.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::from(Fault::new(ErrorKind::Malformed, message.into()).at(name))
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        let by_kind = || StatusCode::from_u16(self.kind.status()).ok();
        self.status
            .or_else(by_kind)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same refusal, told of a place in the input.
    pub(crate) fn at(mut self, expression: &str) -> Self {
        for issue in &mut self.issues {
            issue
                .expression
                .get_or_insert_with(|| expression.to_owned());
        }
        self
    }

    /// The outcome that is sent; its id is the request's correlation id.
    pub(crate) fn outcome(&self, correlation_id: &str) -> OperationOutcome {
        let issues = if self.kind == ErrorKind::Internal {
            // What went wrong inside is in the log under the same id.
            vec![issue_of(&Fault::new(
                self.kind,
                "an internal error occurred",
            ))]
        } else {
            self.issues.clone()
        };
        OperationOutcome {
            id: Some(correlation_id.to_owned()),
            issues,
        }
    }
}

/// A fault as an issue.
pub(crate) fn issue_of(fault: &Fault) -> Issue {
    let severity = if fault.kind == ErrorKind::Internal {
        Severity::Fatal
    } else {
        Severity::Error
    };
    Issue {
        severity,
        code: code_of(fault.kind),
        diagnostics: fault.message.clone().into_owned(),
        expression: fault.expression.clone(),
    }
}

const fn code_of(kind: ErrorKind) -> IssueCode {
    match kind {
        ErrorKind::Malformed => IssueCode::Structure,
        ErrorKind::Invalid => IssueCode::Invalid,
        ErrorKind::Unauthenticated => IssueCode::Login,
        ErrorKind::Forbidden => IssueCode::Forbidden,
        ErrorKind::NotFound => IssueCode::NotFound,
        ErrorKind::Gone => IssueCode::Deleted,
        ErrorKind::Conflict | ErrorKind::Precondition => IssueCode::Conflict,
        ErrorKind::TooLarge => IssueCode::TooLong,
        ErrorKind::TooMany => IssueCode::Throttled,
        ErrorKind::TooCostly => IssueCode::TooCostly,
        ErrorKind::Full => IssueCode::NoStore,
        ErrorKind::Unsupported => IssueCode::NotSupported,
        ErrorKind::Unavailable => IssueCode::Transient,
        ErrorKind::Internal => IssueCode::Exception,
    }
}

impl From<Fault> for FhirError {
    fn from(fault: Fault) -> Self {
        Self {
            kind: fault.kind,
            issues: vec![issue_of(&fault)],
            headers: Vec::new(),
            status: None,
        }
    }
}

impl From<StoreError> for FhirError {
    fn from(error: StoreError) -> Self {
        let kind = error.kind();
        if kind == ErrorKind::Internal {
            tracing::error!(error = %error, "the record store failed");
        }
        let issues = error.faults().iter().map(issue_of).collect();
        let mut refusal = Self {
            kind,
            issues,
            headers: Vec::new(),
            status: None,
        };
        if let StoreError::Gone { version, .. } = error
            && let Ok(tag) = HeaderValue::from_str(&format!("W/\"{version}\""))
        {
            refusal = refusal.with_header(header::ETAG, tag);
        }
        if kind == ErrorKind::Unauthenticated {
            // Who calls is known by then: what a rule misses is a fresh proof (RFC 9470 §3).
            let challenge = HeaderValue::from_static(mt_access::STEP_UP_CHALLENGE);
            refusal = refusal.with_header(header::WWW_AUTHENTICATE, challenge);
        }
        if kind == ErrorKind::Unavailable {
            refusal = refusal.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        refusal
    }
}

impl From<QueryError> for FhirError {
    fn from(error: QueryError) -> Self {
        let refusal = Self::from(Fault::from(error));
        if refusal.kind == ErrorKind::Unsupported {
            // The interaction is supported; it is this request that asks for too much.
            return refusal.with_status(StatusCode::BAD_REQUEST);
        }
        refusal
    }
}
