//! When the last backup was written from a data folder: a file in it that `db backup` leaves.

use std::path::Path;

use mt_kernel::Instant;

const FILE: &str = "last-backup";

/// Notes that a backup has been written and verified.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn note(data_dir: &Path, at: Instant) -> std::io::Result<()> {
    std::fs::write(data_dir.join(FILE), format!("{}\n", at.to_fhir()))
}

/// When the last one was; `None` when none is known.
pub(crate) fn last(data_dir: &Path) -> Option<Instant> {
    let text = std::fs::read_to_string(data_dir.join(FILE)).ok()?;
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Instant(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_backup_is_the_one_that_was_noted_last() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(last(folder.path()), None);
        for second in [1_790_000_000, 1_790_086_400] {
            let at = Instant(second * 1_000_000);
            note(folder.path(), at).unwrap();
            assert_eq!(last(folder.path()), Some(at));
        }
        std::fs::write(folder.path().join(FILE), "yesterday").unwrap();
        assert_eq!(last(folder.path()), None);
    }
}
