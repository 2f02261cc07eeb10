//! `OperationOutcome`: what every refusal and every validation result is told with (R4
//! operationoutcome.html).

use crate::json::write_string;

/// Issues of one request, as a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationOutcome {
    /// Logical id; carries the correlation id of the request.
    pub id: Option<String>,
    /// The issues, at least one in a resource that is sent.
    pub issues: Vec<Issue>,
}

/// One issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How grave.
    pub severity: Severity,
    /// Which sort.
    pub code: IssueCode,
    /// The explanation for people; never with health information of the record.
    pub diagnostics: String,
    /// FHIRPath of the element, simple subset: `Patient.name[0].given[1]`.
    pub expression: Option<String>,
}

/// Severities (`issue-severity`), gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The action failed before it could be checked further.
    Fatal,
    /// The content is not acceptable.
    Error,
    /// Worth looking at.
    Warning,
    /// For information.
    Information,
}

impl Severity {
    /// The FHIR code.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        }
    }
}

macro_rules! issue_codes {
    ($($variant:ident $code:literal,)*) => {
        /// Sorts of issues (`issue-type`).
        #[expect(missing_docs, reason = "the names are the specification's codes")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum IssueCode { $($variant,)* }

        impl IssueCode {
            /// The FHIR code.
            pub fn code(self) -> &'static str {
                match self { $(IssueCode::$variant => $code,)* }
            }
        }
    };
}

issue_codes! {
    Invalid "invalid", Structure "structure", Required "required", Value "value",
    Invariant "invariant", Security "security", Login "login", Unknown "unknown",
    Expired "expired", Forbidden "forbidden", Suppressed "suppressed", Processing "processing",
    NotSupported "not-supported", Duplicate "duplicate", MultipleMatches "multiple-matches",
    NotFound "not-found", Deleted "deleted", TooLong "too-long", CodeInvalid "code-invalid",
    Extension "extension", TooCostly "too-costly", BusinessRule "business-rule",
    Conflict "conflict", Transient "transient", LockError "lock-error", NoStore "no-store",
    Exception "exception", Timeout "timeout", Incomplete "incomplete", Throttled "throttled",
    Informational "informational",
}

impl Issue {
    /// An issue of severity `error`.
    pub fn error(code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue::new(Severity::Error, code, diagnostics)
    }

    /// An issue of severity `warning`.
    pub fn warning(code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue::new(Severity::Warning, code, diagnostics)
    }

    /// An issue of severity `information`.
    pub fn information(code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue::new(Severity::Information, code, diagnostics)
    }

    /// The same issue, told of an element.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }

    /// Whether the content is refused because of it.
    pub fn is_error(&self) -> bool {
        self.severity <= Severity::Error
    }

    fn new(severity: Severity, code: IssueCode, diagnostics: impl Into<String>) -> Self {
        Issue {
            severity,
            code,
            diagnostics: diagnostics.into(),
            expression: None,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"severity\":\"");
        out.extend_from_slice(self.severity.code().as_bytes());
        out.extend_from_slice(b"\",\"code\":\"");
        out.extend_from_slice(self.code.code().as_bytes());
        out.push(b'"');
        // FHIR has no empty strings.
        if !self.diagnostics.is_empty() {
            out.extend_from_slice(b",\"diagnostics\":");
            write_string(&self.diagnostics, out);
        }
        if let Some(expression) = self.expression.as_deref().filter(|e| !e.is_empty()) {
            out.extend_from_slice(b",\"expression\":[");
            write_string(expression, out);
            out.push(b']');
        }
        out.push(b'}');
    }
}

impl OperationOutcome {
    /// An outcome of several issues.
    pub fn new(issues: Vec<Issue>) -> Self {
        OperationOutcome { id: None, issues }
    }

    /// Whether any issue refuses the content.
    pub fn has_errors(&self) -> bool {
        self.issues.iter().any(Issue::is_error)
    }

    /// The resource as JSON. Without issues it says that all is well, as the resource needs one.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = b"{\"resourceType\":\"OperationOutcome\"".to_vec();
        if let Some(id) = &self.id {
            out.extend_from_slice(b",\"id\":");
            write_string(id, &mut out);
        }
        out.extend_from_slice(b",\"issue\":[");
        if self.issues.is_empty() {
            Issue::information(IssueCode::Informational, "all is well").write(&mut out);
        }
        for (index, issue) in self.issues.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            issue.write(&mut out);
        }
        out.extend_from_slice(b"]}");
        out
    }
}

impl From<Issue> for OperationOutcome {
    fn from(issue: Issue) -> Self {
        OperationOutcome::new(vec![issue])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::ValueSet;

    #[test]
    fn an_outcome_is_written_with_its_issues() {
        let mut outcome = OperationOutcome::from(
            Issue::error(IssueCode::Structure, "no \"such\" element").at("Patient.x"),
        );
        outcome.id = Some("c-1".to_owned());
        let json = String::from_utf8(outcome.to_json()).unwrap();
        assert_eq!(
            json,
            r#"{"resourceType":"OperationOutcome","id":"c-1","issue":[{"severity":"error","code":"structure","diagnostics":"no \"such\" element","expression":["Patient.x"]}]}"#
        );
        assert!(outcome.has_errors());
    }

    #[test]
    fn an_outcome_without_issues_says_that_all_is_well() {
        let outcome = OperationOutcome::default();
        assert!(!outcome.has_errors());
        let json = String::from_utf8(outcome.to_json()).unwrap();
        assert!(json.contains(r#""severity":"information""#), "{json}");
    }

    #[test]
    fn codes_are_those_of_the_required_value_sets() {
        let codes = |url: &str| ValueSet::from_url(url).expect("a required binding");
        let types = codes("http://hl7.org/fhir/ValueSet/issue-type");
        for code in [
            IssueCode::Invalid,
            IssueCode::TooCostly,
            IssueCode::Informational,
        ] {
            assert!(types.has_code(code.code()), "{code:?}");
        }
        let severities = codes("http://hl7.org/fhir/ValueSet/issue-severity");
        assert!(severities.has_code(Severity::Fatal.code()));
    }
}
