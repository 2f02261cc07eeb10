//! Releases of licensed systems, in synthetic files of the same layout.

use std::fs;
use std::path::Path;

use mt_terminology::load::{Licensed, LoadError, read_release};
use mt_terminology::{CodeSystem, Subsumption};

use crate::synthetic::scope;

fn load(system: Licensed, path: &Path) -> Result<CodeSystem, LoadError> {
    let mut last = 0;
    let loaded = read_release(system, path, None, &mut |progress| {
        assert!(progress.done >= last && progress.done <= progress.total);
        last = progress.done;
    });
    assert!(loaded.is_err() || last > 0);
    loaded
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        fs::write(path, text).expect("written");
    }
    folder
}

const CONCEPTS: &str = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n\
    100\t20200101\t1\t900000000000207008\t900000000000074008\n\
    200\t20240301\t1\t900000000000207008\t900000000000073002\n\
    300\t20200101\t1\t900000000000207008\t900000000000074008\n\
    400\t20200101\t0\t900000000000207008\t900000000000074008\n";
const DESCRIPTIONS: &str = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n\
    1\t20200101\t1\tm\t100\ten\t900000000000003001\tRoot (finding)\tx\n\
    2\t20200101\t1\tm\t100\ten\t900000000000013009\tRoot\tx\n\
    3\t20200101\t1\tm\t200\ten\t900000000000013009\tOther name\tx\n\
    4\t20200101\t1\tm\t200\ten\t900000000000013009\tChosen 5\" name\tx\n\
    5\t20200101\t0\tm\t300\ten\t900000000000013009\tGone\tx\n";
const RELATIONSHIPS: &str = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n\
    1\t20200101\t1\tm\t200\t100\t0\t116680003\tc\tm\n\
    2\t20200101\t1\tm\t300\t200\t0\t116680003\tc\tm\n\
    3\t20200101\t0\tm\t100\t300\t0\t116680003\tc\tm\n\
    4\t20200101\t1\tm\t300\t100\t0\t363698007\tc\tm\n";
const LANGUAGE: &str = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId\n\
    u\t20200101\t1\tm\t900000000000509007\t4\t900000000000548007\n";

#[test]
fn snomed_ct_gets_its_hierarchy_names_and_version() {
    let release = folder(&[
        (
            "Snapshot/Terminology/sct2_Concept_Snapshot_INT_20240301.txt",
            CONCEPTS,
        ),
        (
            "Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20240301.txt",
            DESCRIPTIONS,
        ),
        (
            "Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20240301.txt",
            RELATIONSHIPS,
        ),
        (
            "Snapshot/Refset/Language/der2_cRefset_LanguageSnapshot-en_INT_20240301.txt",
            LANGUAGE,
        ),
    ]);
    let system = load(Licensed::Snomed, release.path()).expect("loaded");
    let version = "http://snomed.info/sct/900000000000207008/version/20240301";
    assert_eq!(system.header.version.as_deref(), Some(version));
    let concept = |code: &str| system.concepts.find(code).expect(code);
    assert_eq!(
        system.concepts.display(concept("200")),
        Some("Chosen 5\" name")
    );
    assert_eq!(system.concepts.display(concept("100")), Some("Root"));
    assert_eq!(system.concepts.display(concept("300")), None);
    assert!(system.concepts.is_inactive(concept("400")));
    let answer = scope().subsumption(&system, "100", "300");
    assert_eq!(answer, Ok(Subsumption::Subsumes));

    let scope = scope();
    scope
        .catalog()
        .install(Licensed::Snomed.url(), vec![std::sync::Arc::new(system)]);
    let below = scope
        .value_set("http://snomed.info/sct?fhir_vs=isa/200")
        .expect("implied");
    let codes = scope.codes(&below).expect("listed");
    assert_eq!(
        codes
            .iter()
            .map(|(_, code)| code.as_str())
            .collect::<Vec<_>>(),
        ["200", "300"]
    );
    let edition = "http://snomed.info/sct/900000000000207008";
    assert!(
        scope
            .code_system(Licensed::Snomed.url(), Some(edition))
            .is_ok()
    );
    assert!(
        scope
            .code_system(Licensed::Snomed.url(), Some("http://snomed.info/sct/1"))
            .is_err()
    );
}

#[test]
fn loinc_is_read_by_its_heading() {
    let release = folder(&[(
        "LoincTable/Loinc.csv",
        "\"LOINC_NUM\",\"COMPONENT\",\"SCALE_TYP\",\"STATUS\",\"VersionLastChanged\",\"SHORTNAME\",\"LONG_COMMON_NAME\"\n\
         \"1-8\",\"Sodium, \"\"total\"\"\",\"Qn\",\"ACTIVE\",\"2.8\",\"Na\",\"Sodium in Serum\"\n\
         \"2-6\",\"Old\",\"Doc\",\"DEPRECATED\",\"2.76\",\"\",\"Old test\"\n",
    )]);
    let system = load(Licensed::Loinc, release.path()).expect("loaded");
    assert_eq!(system.header.version.as_deref(), Some("2.76"));
    let sodium = system.concepts.find("1-8").expect("1-8");
    assert_eq!(
        system.concepts.property(sodium, "COMPONENT").next(),
        Some("Sodium, \"total\"")
    );
    assert!(
        system
            .concepts
            .is_inactive(system.concepts.find("2-6").expect("2-6"))
    );
    let scope = scope();
    scope
        .catalog()
        .install(Licensed::Loinc.url(), vec![std::sync::Arc::new(system)]);
    let documents = scope
        .value_set("http://hl7.org/fhir/ValueSet/doc-typecodes")
        .expect("built in");
    let codes = scope.codes(&documents).expect("listed");
    assert_eq!(codes, [("http://loinc.org".to_owned(), "2-6".to_owned())]);
}

#[test]
fn rxnorm_takes_its_own_names_and_relations() {
    let conso = "1|ENG||||||10||||RXNORM|IN|1|aspirin||N||\n\
        2|ENG||||||20||||RXNORM|SY|2|ASA 81||N||\n\
        2|ENG||||||21||||RXNORM|SCD|2|aspirin 81 MG Oral Tablet||N||\n\
        3|ENG||||||30||||MMSL|BN|3|Brand||N||\n";
    let rel = "1||CUI|RO|2||CUI|has_ingredient|1||RXNORM|RXNORM||||\n\
        1||CUI|RB|2||CUI|isa|2||RXNORM|RXNORM||||\n";
    let sab = "C1|C1|RXNORM_20AA_240205F|RXNORM|RxNorm|F|20AA_240205F|||||||||||||||||\n";
    let release = folder(&[
        ("rrf/RXNCONSO.RRF", conso),
        ("rrf/RXNREL.RRF", rel),
        ("rrf/RXNSAB.RRF", sab),
    ]);
    let system = load(Licensed::RxNorm, release.path()).expect("loaded");
    assert_eq!(system.header.version.as_deref(), Some("02052024"));
    assert_eq!(system.concepts.len(), 2);
    let tablet = system.concepts.find("2").expect("2");
    assert_eq!(
        system.concepts.display(tablet),
        Some("aspirin 81 MG Oral Tablet")
    );
    assert_eq!(
        system
            .concepts
            .property(tablet, "has_ingredient")
            .collect::<Vec<_>>(),
        ["1"]
    );
    assert_eq!(system.subsumes("1", "2"), Ok(true));
}

#[test]
fn cpt_is_read_below_its_notice() {
    let release = folder(&[(
        "Consolidated_Code_List.txt",
        "Some notice of the owner.\n\nConcept Id\tCPT Code\tLong\tMedium\tCurrent Descriptor Effective Date\n\
         9\t00001\tSynthetic procedure, long\tSYNTHETIC PROCEDURE\t20240101\n",
    )]);
    let system = load(Licensed::Cpt, release.path()).expect("loaded");
    assert_eq!(system.header.version.as_deref(), Some("20240101"));
    let code = system.concepts.find("00001").expect("00001");
    assert_eq!(
        system.concepts.display(code),
        Some("Synthetic procedure, long")
    );
}

#[test]
fn releases_that_are_not_whole_are_refused() {
    let empty = folder(&[]);
    for system in Licensed::ALL {
        assert!(
            matches!(load(system, empty.path()), Err(LoadError::Missing { .. })),
            "{system:?}"
        );
        assert_eq!(Licensed::from_name(system.name()), Some(system));
    }
    let heading = folder(&[("Loinc.csv", "\"CODE\",\"NAME\"\n")]);
    assert!(matches!(
        load(Licensed::Loinc, heading.path()),
        Err(LoadError::Column { .. })
    ));
    let short = folder(&[("RXNCONSO.RRF", "1|ENG\n"), ("RXNREL.RRF", "")]);
    assert!(matches!(
        load(Licensed::RxNorm, short.path()),
        Err(LoadError::ShortRow { line: 1, .. })
    ));
    let none = folder(&[(
        "Loinc.csv",
        "LOINC_NUM,LONG_COMMON_NAME,STATUS,VersionLastChanged\n",
    )]);
    assert!(matches!(
        load(Licensed::Loinc, none.path()),
        Err(LoadError::Empty)
    ));
}
