//! Reads licensed code systems from the files in which their owners publish them.

mod cpt;
mod loinc;
pub mod rows;
mod rxnorm;
mod snomed;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rows::{Delimited, Quotes, RowError};

use crate::code_system::{CodeSystem, Content, Header};
use crate::concepts::{AttributeKey, ConceptsBuilder, NewAttribute, PropertyKind};

/// A code system that is loaded by the operator, who holds the licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Licensed {
    /// SNOMED CT, from the snapshot files of a release (RF2).
    Snomed,
    /// LOINC, from `Loinc.csv`.
    Loinc,
    /// RxNorm, from `RXNCONSO.RRF` and `RXNREL.RRF`.
    RxNorm,
    /// CPT, from the consolidated code list.
    Cpt,
}

impl Licensed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Snomed, Self::Loinc, Self::RxNorm, Self::Cpt];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snomed => "snomed",
            Self::Loinc => "loinc",
            Self::RxNorm => "rxnorm",
            Self::Cpt => "cpt",
        }
    }

    /// The system with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// Canonical URL.
    #[must_use]
    pub const fn url(self) -> &'static str {
        match self {
            Self::Snomed => "http://snomed.info/sct",
            Self::Loinc => "http://loinc.org",
            Self::RxNorm => "http://www.nlm.nih.gov/research/umls/rxnorm",
            Self::Cpt => "http://www.ama-assn.org/go/cpt",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Snomed => "SNOMED CT",
            Self::Loinc => "LOINC",
            Self::RxNorm => "RxNorm",
            Self::Cpt => "CPT",
        }
    }
}

/// Why a release cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of the release is missing.
    #[error("there is no file '{pattern}' in {}", folder.display())]
    Missing {
        /// What was looked for.
        pattern: &'static str,
        /// Where.
        folder: PathBuf,
    },
    /// A row cannot be read.
    #[error("{}: {source}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Why.
        source: RowError,
    },
    /// A column is missing: the file is not what its name says.
    #[error("{} has no column '{column}'", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A row has too few fields.
    #[error("{}, line {line}: too few fields", path.display())]
    ShortRow {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
    },
    /// There is nothing in it.
    #[error("the release holds no concept")]
    Empty,
    /// The files do not tell their version.
    #[error("the files do not tell their version; it must be given")]
    NoVersion,
}

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// Reads a release. `path` is a file, or a folder in which the files are found at any depth.
/// `version` is needed where the files do not tell it.
///
/// # Errors
/// See [`LoadError`].
pub fn read_release(
    system: Licensed,
    path: &Path,
    version: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<CodeSystem, LoadError> {
    let mut release = Release::open(path, progress);
    let (concepts, found) = match system {
        Licensed::Snomed => snomed::read(&mut release)?,
        Licensed::Loinc => loinc::read(&mut release)?,
        Licensed::RxNorm => rxnorm::read(&mut release)?,
        Licensed::Cpt => cpt::read(&mut release)?,
    };
    if concepts.is_empty() {
        return Err(LoadError::Empty);
    }
    let version = version
        .map(str::to_owned)
        .or(found)
        .ok_or(LoadError::NoVersion)?;
    let header = Header {
        url: system.url().to_owned(),
        version: Some(version),
        name: system.title().to_owned(),
        title: Some(system.title().to_owned()),
        value_set: None,
        content: Content::Complete,
        is_a: true,
        copyright: None,
    };
    Ok(CodeSystem {
        header,
        concepts: concepts.build(),
        grammar: None,
    })
}

/// Concepts, and the version that the files tell.
type Loaded = Result<(ConceptsBuilder, Option<String>), LoadError>;

/// The files of a release.
struct Release<'p> {
    root: PathBuf,
    files: Vec<PathBuf>,
    progress: &'p mut dyn FnMut(Progress),
    done: u64,
    total: u64,
}

/// Rows between two reports of progress.
const REPORT: u64 = 20_000;
/// Folders below the given one that are looked into.
const MAX_DEPTH: usize = 8;

impl<'p> Release<'p> {
    fn open(path: &Path, progress: &'p mut dyn FnMut(Progress)) -> Self {
        let mut files = Vec::new();
        let mut open = vec![(path.to_owned(), 0)];
        while let Some((path, depth)) = open.pop() {
            if path.is_file() {
                files.push(path);
            } else if depth < MAX_DEPTH
                && let Ok(entries) = std::fs::read_dir(&path)
            {
                open.extend(entries.flatten().map(|entry| (entry.path(), depth + 1)));
            }
        }
        files.sort();
        Self {
            root: path.to_owned(),
            files,
            progress,
            done: 0,
            total: 0,
        }
    }

    /// The files whose name starts and ends so.
    fn named(&mut self, start: &str, end: &str) -> Vec<PathBuf> {
        let fits = |path: &&PathBuf| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            name.starts_with(start) && name.ends_with(end)
        };
        let found: Vec<PathBuf> = self.files.iter().filter(fits).cloned().collect();
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |data| data.len());
        self.total += found.iter().map(size).sum::<u64>();
        found
    }

    fn required(
        &mut self,
        start: &str,
        end: &str,
        pattern: &'static str,
    ) -> Result<Vec<PathBuf>, LoadError> {
        let found = self.named(start, end);
        let missing = || LoadError::Missing {
            pattern,
            folder: self.root.clone(),
        };
        if found.is_empty() {
            Err(missing())
        } else {
            Ok(found)
        }
    }

    /// Gives every row to `each`; rows shorter than `least` are an error.
    fn rows(
        &mut self,
        path: &Path,
        (delimiter, quotes, least): (u8, Quotes, usize),
        mut each: impl FnMut(&[String]) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        let failed = |source| LoadError::Row {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        let mut rows = Delimited::new(BufReader::with_capacity(1 << 20, file), delimiter, quotes);
        let mut count = 0_u64;
        loop {
            let (line, bytes) = (rows.line(), rows.bytes());
            let Some(row) = rows.next_row().map_err(failed)? else {
                break;
            };
            if row.len() < least {
                return Err(LoadError::ShortRow {
                    path: path.to_owned(),
                    line: line + 1,
                });
            }
            each(row)?;
            count += 1;
            if count.is_multiple_of(REPORT) {
                (self.progress)(Progress {
                    done: self.done + bytes,
                    total: self.total,
                });
            }
        }
        self.done += rows.bytes();
        (self.progress)(Progress {
            done: self.done,
            total: self.total,
        });
        Ok(())
    }
}

/// Places of columns in the heading of a table.
fn columns<const N: usize>(
    path: &Path,
    heading: &[String],
    wanted: [&'static str; N],
) -> Result<[usize; N], LoadError> {
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(wanted) {
        let found = heading.iter().position(|own| own.trim() == column);
        *place = found.ok_or_else(|| LoadError::Column {
            path: path.to_owned(),
            column,
        })?;
    }
    Ok(places)
}

fn property<'a>(code: &str, kind: PropertyKind, value: &'a str) -> NewAttribute<'a> {
    NewAttribute {
        key: AttributeKey::Property {
            code: code.to_owned(),
            kind,
        },
        value,
    }
}

fn name<'a>(language: Option<&str>, value: &'a str) -> NewAttribute<'a> {
    let language = language.map(str::to_owned);
    NewAttribute {
        key: AttributeKey::Designation {
            language,
            usage: None,
        },
        value,
    }
}
