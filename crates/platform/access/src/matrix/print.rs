//! The matrix as a page of the documentation.

use std::fmt::Write as _;

use super::groups::{self, name_of};
use super::rows::{RULES, operations};
use super::{Extent, Operation, Role};

/// The whole matrix as the Markdown page `docs/reference/permissions.md`.
#[must_use]
pub fn printed() -> String {
    let mut page = String::from(
        "# Permissions\n\nPrinted from the matrix in `mt-access`; a test keeps this page equal to it.\n\
         Letters: **c**reate, **r**ead, **u**pdate, **d**elete, **s**earch. What is not named is denied. \
         Extent *care* is the tenant, or the patients in the actor's care where the organisation says so. \
         Writes within *own patient* refer to no other patient.\n\n\
         | role | records | may | extent | only |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let types: Vec<String> = rule.types.iter().map(|group| name_of(group)).collect();
        let extent = match rule.extent {
            Extent::Tenant => "tenant",
            Extent::Care => "care",
            Extent::OwnPatient => "own patient",
        };
        let only: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
        let only = only.join("; ");
        let (role, types) = (rule.role.code(), types.join("; "));
        let _ = writeln!(
            page,
            "| {role} | {types} | {} | {extent} | {only} |",
            rule.interactions
        );
    }
    page.push_str("\n| operation | open to |\n|---|---|\n");
    for operation in Operation::ALL {
        let roles: Vec<&str> = operations(operation)
            .iter()
            .map(|role| role.code())
            .collect();
        let _ = writeln!(page, "| {} | {} |", operation.code(), roles.join(", "));
    }
    page.push_str("\n| role | gives to others, as it is or derived |\n|---|---|\n");
    for role in Role::ALL
        .into_iter()
        .filter(|role| !role.confers().is_empty())
    {
        let given: Vec<&str> = role.confers().iter().map(|role| role.code()).collect();
        let _ = writeln!(page, "| {} | {} |", role.code(), given.join(", "));
    }
    page.push_str("\n| group | resource types |\n|---|---|\n");
    for (name, group) in groups::ALL {
        let _ = writeln!(page, "| {name} | {} |", group.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_page_is_up_to_date() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../docs/reference/permissions.md"
        );
        if std::env::var_os("MEDITRACK_WRITE_DOCS").is_some() {
            std::fs::write(path, printed()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(page, printed(), "write it anew with MEDITRACK_WRITE_DOCS=1");
    }
}
