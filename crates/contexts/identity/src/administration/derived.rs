//! Roles that an organisation derives from those of the matrix.

use std::sync::Arc;

use mt_access::{DerivedRole, Mask, Operation, Role};
use mt_audit::EventCode;
use mt_kernel::TenantId;
use serde::{Deserialize, Serialize};

use super::error::{AdministrationError, Result};
use super::roles::require;
use super::{Administration, Administrator};
use crate::announce::Whose;

/// What a derived role keeps of some records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePermission {
    /// A group of the matrix, a resource type or `*`.
    pub records: String,
    /// Letters of `c r u d s`.
    pub may: String,
}

/// A derived role as it is defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDefinition {
    /// Code: lower-case letters, digits, hyphens; no code of the matrix.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Code of the role that it narrows.
    pub base: String,
    /// What it keeps.
    pub permissions: Vec<RolePermission>,
    /// Codes of the operations that it keeps.
    #[serde(default)]
    pub operations: Vec<String>,
}

impl RoleDefinition {
    pub(super) fn base(&self) -> Result<Role> {
        Role::from_code(&self.base)
            .ok_or_else(|| AdministrationError::invalid("there is no such base role"))
    }

    fn operations(&self) -> Result<Vec<Operation>> {
        let known = |code: &String| {
            Operation::from_code(code)
                .ok_or_else(|| AdministrationError::invalid("there is no such operation"))
        };
        self.operations.iter().map(known).collect()
    }

    /// The role, derived by somebody who holds `deriver`.
    fn derive(&self, deriver: &[Role]) -> Result<DerivedRole> {
        let pairs: Vec<(String, String)> = self
            .permissions
            .iter()
            .map(|one| (one.records.clone(), one.may.clone()))
            .collect();
        let derived = DerivedRole::derive(self.base()?, &pairs, &self.operations()?, deriver)?;
        Ok(derived)
    }

    /// The mask over the base, as it was checked when the role was derived.
    pub(super) fn mask(&self) -> Result<Arc<Mask>> {
        let mask = mask_of(&self.permissions)?.with_operations(self.operations()?);
        Ok(Arc::new(mask))
    }

    fn check_words(&self) -> Result<()> {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let code = &self.code;
        let plain = (2..=40).contains(&code.len())
            && code.starts_with(|c: char| c.is_ascii_lowercase())
            && code.bytes().all(letters);
        if !plain || Role::from_code(code).is_some() {
            return Err(AdministrationError::invalid(
                "the code must be lower-case letters, digits and hyphens, and no role's already",
            ));
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            return Err(AdministrationError::invalid(
                "the name must have 1 to 100 characters",
            ));
        }
        Ok(())
    }
}

pub(super) fn mask_of(permissions: &[RolePermission]) -> Result<Mask> {
    let pairs = permissions.iter();
    Ok(Mask::of(
        pairs.map(|one| (one.records.as_str(), one.may.as_str())),
    )?)
}

/// A role of the replaced systems, as a derivation that an organisation can take over.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Template {
    /// Code.
    pub code: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Code of the base role.
    pub base: &'static str,
    /// Pairs of records and letters.
    #[schema(value_type = Vec<Vec<String>>)]
    pub permissions: &'static [(&'static str, &'static str)],
}

/// Roles that other systems have and the matrix has not: narrower forms of its own.
pub const TEMPLATES: &[Template] = &[
    Template {
        code: "scheduler",
        name: "Scheduler",
        base: "receptionist",
        permissions: &[
            ("persons", "rs"),
            ("scheduling", "crus"),
            ("directory", "rs"),
        ],
    },
    Template {
        code: "medical-coder",
        name: "Medical coder",
        base: "biller",
        permissions: &[
            ("persons", "rs"),
            ("Encounter", "rs"),
            ("Condition", "rs"),
            ("Procedure", "rs"),
            ("Claim", "crus"),
            ("ChargeItem", "crus"),
            ("definitions", "rs"),
        ],
    },
    Template {
        code: "therapist",
        name: "Therapist",
        base: "clinical_staff",
        permissions: &[
            ("persons", "rs"),
            ("clinical", "crus"),
            ("observations", "crus"),
            ("documents", "crus"),
            ("answers", "crus"),
            ("directory", "rs"),
        ],
    },
    Template {
        code: "case-manager",
        name: "Case manager",
        base: "clinical_staff",
        permissions: &[
            ("persons", "rs"),
            ("clinical", "rs"),
            ("CarePlan", "crus"),
            ("Goal", "crus"),
            ("answers", "crus"),
            ("workflow", "crus"),
            ("directory", "rs"),
        ],
    },
    Template {
        code: "viewer",
        name: "Viewer",
        base: "auditor",
        permissions: &[("persons", "rs"), ("scheduling", "rs"), ("directory", "rs")],
    },
    Template {
        code: "it-admin",
        name: "IT administrator",
        base: "org_admin",
        permissions: &[("directory", "rs"), ("definitions", "rs"), ("audit", "rs")],
    },
];

impl Administration {
    /// Derives a role, or defines one anew.
    ///
    /// # Errors
    /// Forbidden when it would open more than is the administrator's to give; invalid when words of
    /// the definition are not known.
    pub async fn derive_role(
        &self,
        by: Administrator<'_>,
        definition: RoleDefinition,
    ) -> Result<RoleDefinition> {
        require(by, Operation::ManageUsers)?;
        definition.check_words()?;
        definition.derive(by.grant.roles())?;
        let body =
            serde_json::to_string(&definition).map_err(|_| AdministrationError::Unreadable)?;
        let act = format!("derived a role from {}", definition.base);
        self.enter(by.ctx, EventCode::PermissionChange, &act)?;
        let sql = "insert into administration.derived_role (tenant, code, definition, created_at) \
                   values ($1, $2, $3, $4) \
                   on conflict (tenant, code) do update set definition = $3, retired_at = null";
        let tenant = by.ctx.tenant;
        let tx = self.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &definition.code, &body, &self.now().0])
            .await?;
        self.tell_of_change(&tx, by.ctx, Whose::Role(&definition.code))
            .await?;
        tx.commit().await?;
        self.standing_changed();
        Ok(definition)
    }

    /// Retires a derived role: from then on it opens nothing to anybody who holds it.
    ///
    /// # Errors
    /// Not found when there is no such role.
    pub async fn retire_role(&self, by: Administrator<'_>, code: &str) -> Result<()> {
        require(by, Operation::ManageUsers)?;
        self.enter(
            by.ctx,
            EventCode::PermissionChange,
            "retired a derived role",
        )?;
        let sql = "update administration.derived_role set retired_at = $3 \
                   where tenant = $1 and code = $2 and retired_at is null";
        let tenant = by.ctx.tenant;
        let tx = self.database().tenant(tenant).await?;
        let retired = tx.execute(sql, &[&tenant.0, &code, &self.now().0]).await?;
        if retired == 0 {
            return Err(AdministrationError::not_found());
        }
        self.tell_of_change(&tx, by.ctx, Whose::Role(code)).await?;
        tx.commit().await?;
        self.standing_changed();
        Ok(())
    }

    /// The derived roles in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn derived_roles(&self, tenant: TenantId) -> Result<Vec<RoleDefinition>> {
        let sql = "select definition from administration.derived_role \
                   where tenant = $1 and retired_at is null order by code";
        let readers = self.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0]).await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn role_definition(
        &self,
        tenant: TenantId,
        code: &str,
    ) -> Result<Option<RoleDefinition>> {
        let sql = "select definition from administration.derived_role \
                   where tenant = $1 and code = $2 and retired_at is null";
        let readers = self.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &code]).await?;
        rows.first().map(read).transpose()
    }
}

fn read(row: &tokio_postgres::Row) -> Result<RoleDefinition> {
    let text: &str = row
        .try_get(0)
        .map_err(|_| AdministrationError::Unreadable)?;
    serde_json::from_str(text).map_err(|_| AdministrationError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(template: &Template) -> RoleDefinition {
        let permission = |(records, may): &(&str, &str)| RolePermission {
            records: (*records).to_owned(),
            may: (*may).to_owned(),
        };
        RoleDefinition {
            code: template.code.to_owned(),
            name: template.name.to_owned(),
            base: template.base.to_owned(),
            permissions: template.permissions.iter().map(permission).collect(),
            operations: Vec::new(),
        }
    }

    #[test]
    fn every_template_can_be_derived_by_those_who_may_give_its_base_and_by_nobody_else() {
        for template in TEMPLATES {
            let definition = definition(template);
            definition.check_words().unwrap();
            definition.derive(&[Role::OrgAdmin]).unwrap();
            for role in Role::ALL {
                let may_give = role.confers().contains(&definition.base().unwrap());
                let derived = definition.derive(&[role]);
                assert_eq!(derived.is_ok(), may_give, "{} by {role:?}", template.code);
            }
        }
    }

    #[test]
    fn a_derived_role_takes_no_code_of_the_matrix_and_no_odd_one() {
        for code in [
            "nurse",
            "Nurse",
            "1st",
            "a",
            "ward clerk",
            "é-role",
            &"a".repeat(41),
        ] {
            let odd = RoleDefinition {
                code: code.to_owned(),
                ..definition(&TEMPLATES[0])
            };
            assert!(odd.check_words().is_err(), "{code}");
        }
    }
}
