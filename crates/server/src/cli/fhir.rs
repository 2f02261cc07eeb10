//! `meditrack fhir validate|path|patch|convert`: work with FHIR files, without a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use mt_fhir::Doc;
use mt_fhir::json::Limits;
use mt_fhirpath::patch::{apply_fhirpath, apply_json};
use mt_kernel::{Clock, SystemClock};
use mt_terminology::Catalog;
use mt_validator::{Level, Options};

use super::{Outcome, files, say};
use crate::assembly::official_validator;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Check resources against FHIR R4; exit code 1 when one breaks a rule
    Validate {
        /// JSON or XML files, `-` for standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Evaluate a FHIRPath expression
    Path {
        /// The expression
        expression: String,
        /// JSON or XML file, `-` for standard input
        file: PathBuf,
    },
    /// Apply a JSON Patch or a FHIRPath Patch and print the result
    Patch {
        /// The patch: a JSON Patch array or a Parameters resource
        patch: PathBuf,
        /// JSON or XML file, `-` for standard input
        file: PathBuf,
    },
    /// Turn JSON into XML and XML into JSON
    Convert {
        /// JSON or XML file, `-` for standard input
        file: PathBuf,
    },
}

pub(super) fn run(args: Args) -> Outcome {
    match args {
        Args::Validate { files } => validate(&files),
        Args::Path { expression, file } => path(&expression, &file),
        Args::Patch { patch, file } => apply(&patch, &file),
        Args::Convert { file } => convert(&file),
    }
}

fn validate(files: &[PathBuf]) -> Outcome {
    let validator = official_validator(&Arc::new(Catalog::new()));
    let options = Options {
        level: Level::Full,
        profiles: &[],
        now: SystemClock.now(),
    };
    let mut good = true;
    for file in files {
        let (doc, _) = read(file)?;
        for issue in validator.validate(doc.root(), &options) {
            good &= !issue.is_error();
            let place = issue.expression.as_deref().unwrap_or_default();
            say(format_args!(
                "{}: {}: {place}: {}",
                file.display(),
                issue.severity.code(),
                issue.diagnostics
            ));
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn path(expression: &str, file: &Path) -> Outcome {
    let expression =
        mt_fhirpath::Expr::parse(expression).map_err(|error| anyhow!("the expression: {error}"))?;
    let (doc, _) = read(file)?;
    let context = mt_fhirpath::Context::new(doc.root(), SystemClock.now());
    let focus = mt_fhirpath::Element::resource(doc.root());
    let values = expression
        .evaluate(&context, focus)
        .map_err(|error| anyhow!("{error}"))?;
    for value in &values {
        say(printed(value));
    }
    Ok(ExitCode::SUCCESS)
}

/// A primitive as text, an element as JSON.
fn printed(value: &mt_fhirpath::Value<'_>) -> String {
    if let Some(text) = value.to_text() {
        return text.into_owned();
    }
    let mut json = Vec::new();
    if let mt_fhirpath::Value::Element(element) = value
        && let Some(node) = element.value()
    {
        node.write_json(&mut json);
    }
    String::from_utf8_lossy(&json).into_owned()
}

fn apply(patch: &Path, file: &Path) -> Outcome {
    let (patch, _) = read(patch)?;
    let (mut doc, is_xml) = read(file)?;
    if patch.root().is_array() {
        apply_json(&mut doc, patch.root())?;
    } else {
        apply_fhirpath(&mut doc, patch.root(), SystemClock.now())?;
    }
    print(&doc, is_xml)
}

fn convert(file: &Path) -> Outcome {
    let (doc, is_xml) = read(file)?;
    print(&doc, !is_xml)
}

fn print(doc: &Doc, as_xml: bool) -> Outcome {
    let bytes = if as_xml {
        mt_fhir::xml::write(doc.root())?
    } else {
        doc.to_json()
    };
    say(String::from_utf8(bytes)?);
    Ok(ExitCode::SUCCESS)
}

/// The document of a file, and whether it was XML.
fn read(file: &Path) -> anyhow::Result<(Doc, bool)> {
    let bytes = files::read(file)?;
    let place = || file.display().to_string();
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => Ok((
            mt_fhir::xml::parse(&bytes, &Limits::default()).with_context(place)?,
            true,
        )),
        Some(_) => Ok((
            Doc::parse(bytes, &Limits::default()).with_context(place)?,
            false,
        )),
        None => bail!("{} is empty", file.display()),
    }
}
