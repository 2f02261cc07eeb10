//! Layers point down only; a context never depends on another context.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Where a crate stands, by its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Base,
    Contracts,
    Platform,
    Context,
    Door,
    Server,
    /// Test support: above the platform, never depended on but for tests.
    Testkit,
    /// Measurements: may use everything, used by nothing.
    Bench,
}

fn layer(package: &Package) -> Layer {
    let path = package.manifest_path.as_str().replace('\\', "/");
    let has = |folder: &str| path.contains(folder);
    match () {
        () if has("/crates/base/") => Layer::Base,
        () if has("/crates/contracts/") => Layer::Contracts,
        () if has("/crates/platform/events-contract/") => Layer::Testkit,
        () if has("/crates/platform/") => Layer::Platform,
        () if has("/crates/contexts/") => Layer::Context,
        () if has("/crates/fhir-api/") => Layer::Door,
        () if has("/crates/server/") => Layer::Server,
        () if has("/crates/testkit/") => Layer::Testkit,
        () if has("/benches/") => Layer::Bench,
        () => panic!("{path} stands in no layer"),
    }
}

fn may_depend(from: Layer, to: Layer) -> bool {
    match from {
        Layer::Base => to == Layer::Base,
        Layer::Contracts => to == Layer::Base,
        Layer::Platform => matches!(to, Layer::Base | Layer::Contracts | Layer::Platform),
        Layer::Context | Layer::Door => {
            matches!(to, Layer::Base | Layer::Contracts | Layer::Platform)
        }
        Layer::Testkit => matches!(
            to,
            Layer::Base | Layer::Contracts | Layer::Platform | Layer::Testkit
        ),
        Layer::Server | Layer::Bench => !matches!(to, Layer::Bench | Layer::Testkit),
    }
}

fn workspace() -> Metadata {
    MetadataCommand::new()
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

#[test]
fn layers_point_down_only() {
    let metadata = workspace();
    let find = |name: &str| {
        metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == name)
    };
    let mut broken = Vec::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let Some(target) = find(&dependency.name) else {
                continue;
            };
            let (from, to) = (layer(package), layer(target));
            let for_tests = dependency.kind == DependencyKind::Development;
            let allowed = may_depend(from, to) || (for_tests && to == Layer::Testkit);
            if !allowed {
                broken.push(format!(
                    "{} ({from:?}) must not use {} ({to:?})",
                    package.name, target.name
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_crate_keeps_the_house_rules() {
    for package in &workspace().packages {
        let folder = package.manifest_path.parent().unwrap();
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}: lints",
            package.name
        );
        assert!(
            package.description.is_some(),
            "{}: description",
            package.name
        );
        assert_eq!(
            package.license.as_deref(),
            Some("Apache-2.0"),
            "{}: licence",
            package.name
        );
        let is_library = package.targets.iter().any(cargo_metadata::Target::is_lib);
        let has_readme = folder.join("README.md").exists();
        assert!(has_readme || !is_library, "{}: README.md", package.name);
    }
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let metadata = workspace();
    let mut long = Vec::new();
    for package in &metadata.packages {
        visit(
            package.manifest_path.parent().unwrap().as_std_path(),
            &mut |path, text| {
                let lines = text.lines().count();
                if lines > 600 {
                    long.push(format!("{}: {lines} lines", path.display()));
                }
            },
        );
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

fn visit(folder: &std::path::Path, check: &mut impl FnMut(&std::path::Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            visit(&path, check);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            check(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
