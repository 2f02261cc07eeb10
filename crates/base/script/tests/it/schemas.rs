//! The schema files agree with the shapes, and another validator agrees with the schemas.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mt_script::schema::schema;
use mt_script::{Message, Transaction, Version};

use crate::generate::{Choice, Noise, message};
use crate::samples;

fn file(version: Version) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/script-{version}.xsd"))
}

#[test]
fn the_schema_files_are_those_of_the_shapes() {
    for version in Version::ALL {
        let committed = std::fs::read_to_string(file(version)).expect("a schema file");
        let written = schema(version);
        assert!(
            committed == written,
            "write it anew: cargo run -p mt-script --example schema -- {version}"
        );
    }
}

/// The verdict of `xmllint` on a text, or nothing where it is not installed.
fn xmllint(text: &str, version: Version) -> Option<Result<(), String>> {
    let program = std::env::var("MEDITRACK_XMLLINT").unwrap_or_else(|_| "xmllint".to_owned());
    let mut process = Command::new(program)
        .args(["--noout", "--nonet", "--schema"])
        .arg(file(version))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    process.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = process.wait_with_output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() {
        Ok(())
    } else {
        Err(said)
    })
}

#[test]
fn another_validator_accepts_what_is_built_and_refuses_what_is_broken() {
    let whole = samples::prescription().build().unwrap();
    if xmllint(&whole, Version::V2017071).is_none() {
        println!("skipped: xmllint (Debian package libxml2-utils) is not installed");
        return;
    }
    let judge = |text: &str, version| xmllint(text, version).expect("it ran before");
    for version in Version::ALL {
        for message in samples::all() {
            let text = Message { version, ..message }.build().unwrap();
            assert_eq!(judge(&text, version), Ok(()), "{text}");
        }
        for (seed, transaction) in Transaction::ALL.iter().enumerate() {
            if transaction.only_in().is_none_or(|only| only == version) {
                let mut choice = Choice::new(seed as u64 + 77);
                let text = message(*transaction, version, Noise::None, &mut choice);
                assert_eq!(judge(&text, version), Ok(()), "{text}");
            }
        }
    }
    let faults = [
        ("<Gender>F</Gender>", "<Gender>X</Gender>"),
        (
            "<DaysSupply>30</DaysSupply>",
            "<DaysSupply>3000</DaysSupply>",
        ),
        ("<Date>2026-03-02</Date>", "<Date>2026-02-30</Date>"),
        ("<Substitutions>0</Substitutions>", ""),
        ("TransactionDomain=\"SCRIPT\"", ""),
    ];
    for (right, wrong) in faults {
        let text = whole.replacen(right, wrong, 1);
        assert_ne!(text, whole);
        assert!(judge(&text, Version::V2017071).is_err(), "{wrong}");
    }
}
