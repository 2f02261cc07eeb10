//! Who looks at files before they are stored, when somebody is configured.

use std::sync::Arc;

use anyhow::Context;
use mt_scan_clamav::ClamAv;
use mt_store::FileScanner;

use crate::config;

/// `None` when nobody looks. A daemon that is away stops no start, but every file.
pub(crate) fn open(files: &config::Files) -> anyhow::Result<Option<Arc<dyn FileScanner>>> {
    let Some(address) = &files.clamd else {
        return Ok(None);
    };
    let address = address.parse().context("files.clamd")?;
    Ok(Some(Arc::new(ClamAv::new(address))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_at_when_it_is_asked_for_and_a_wrong_address_stops_the_start() {
        let with = |text: &str| -> config::Config { toml::from_str(text).unwrap() };
        assert!(open(&with("").files).unwrap().is_none());
        let wrong = with("[files]\nclamd = \"clamd\"");
        let error = format!("{:#}", open(&wrong.files).unwrap_err());
        assert!(error.contains("files.clamd"), "{error}");
        let right = with("[files]\nclamd = \"tcp://127.0.0.1:3310\"");
        assert!(open(&right.files).unwrap().is_some());
    }
}
