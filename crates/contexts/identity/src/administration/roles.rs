//! Role assignments: who holds which role, where, from when until when.

use std::collections::BTreeSet;

use mt_access::{Operation, Role};
use mt_audit::EventCode;
use mt_database::TenantTx;
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{AdministrationError, Result};
use super::rows::{Row, What, subject_key};
use super::{Administration, Administrator};

/// A role to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAssignment {
    /// Subject of the person's tokens and sessions: the account's id.
    pub subject: String,
    /// Code of a role of the matrix, or of a derived role.
    pub role: String,
    /// Ids of the Locations that it is confined to; empty means all.
    #[serde(default)]
    pub locations: Vec<String>,
    /// When it begins, microseconds since the epoch; now when absent.
    #[serde(default)]
    pub starts_at: Option<i64>,
    /// When it ends, microseconds since the epoch; never when absent.
    #[serde(default)]
    pub ends_at: Option<i64>,
}

/// A role as it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Who holds it.
    pub subject: String,
    /// Code of the role.
    pub role: String,
    /// Where.
    pub locations: Vec<String>,
    /// From when, microseconds since the epoch.
    pub starts_at: i64,
    /// Until when.
    pub ends_at: Option<i64>,
    /// Who gave it.
    pub given_by: String,
}

impl Assignment {
    fn of(row: Row) -> Option<Self> {
        let What::Role { role, locations } = row.what else {
            return None;
        };
        Some(Self {
            id: row.id,
            subject: row.subject,
            role,
            locations,
            starts_at: row.starts_at.0,
            ends_at: row.ends_at.map(|end| end.0),
            given_by: row.by,
        })
    }
}

impl Administration {
    /// Gives a role.
    ///
    /// # Errors
    /// Forbidden when the role is not the administrator's to give, when it would be given to the
    /// administrator, or for locations that the administrator does not administer; invalid when the
    /// role is not known or the time is empty.
    pub async fn assign(&self, by: Administrator<'_>, new: NewAssignment) -> Result<Assignment> {
        require(by, Operation::ManageUsers)?;
        let tenant = by.ctx.tenant;
        if *by.ctx.actor.id == *new.subject {
            return Err(AdministrationError::forbidden(
                "nobody gives a role to themselves",
            ));
        }
        let base = self.base_of(tenant, &new.role).await?;
        self.check_conferred(by, base, &new.locations).await?;
        let starts_at = new.starts_at.map_or(self.now(), Instant);
        if new.ends_at.is_some_and(|end| end <= starts_at.0) {
            return Err(AdministrationError::invalid(
                "the role ends before it begins",
            ));
        }
        let row = Row {
            id: Uuid::now_v7(),
            subject: new.subject,
            by: by.ctx.actor.id.to_string(),
            starts_at,
            ends_at: new.ends_at.map(Instant),
            ended_at: None,
            what: What::Role {
                role: new.role,
                locations: new.locations,
            },
        };
        self.check_seats(tenant, &row.subject).await?;
        let act = format!("gave a role: {}", base.code());
        self.enter(by.ctx, EventCode::PermissionChange, &act)?;
        self.insert_row(by.ctx, &row).await?;
        Assignment::of(row).ok_or(AdministrationError::Unreadable)
    }

    /// Refuses one more person with a role than the organisation may have, before anything is entered. What decides is
    /// [`take_seat`], when the role is given.
    pub(super) async fn check_seats(&self, tenant: TenantId, subject: &str) -> Result<()> {
        let Some(most) = self.allowance(tenant).await?.users else {
            return Ok(());
        };
        let keys = self.store.tenants().keys(tenant).await?;
        let subject = subject_key(&keys, subject)?;
        let readers = self.database().readers();
        let params: mt_database::Params<'_> = &[&tenant.0, &subject, &self.now().0];
        let others = readers.query(tenant, OTHER_HOLDERS, params).await?;
        seat_left(&others, most)
    }

    /// The people with a role.
    pub(super) async fn holders(&self, tenant: TenantId) -> Result<BTreeSet<String>> {
        let rows = self.rows_standing(tenant).await?;
        let roles = rows.into_iter().filter_map(Assignment::of);
        Ok(roles.map(|one| one.subject).collect())
    }

    /// Takes a role back.
    ///
    /// # Errors
    /// Not found when there is no such assignment; forbidden when the role is not the
    /// administrator's to give.
    pub async fn revoke_assignment(&self, by: Administrator<'_>, id: Uuid) -> Result<()> {
        require(by, Operation::ManageUsers)?;
        let row = self.row(by.ctx.tenant, id).await?;
        let What::Role { role, locations } = &row.what else {
            return Err(AdministrationError::not_found());
        };
        let base = self.base_of(by.ctx.tenant, role).await?;
        self.check_conferred(by, base, locations).await?;
        let act = format!("took a role back: {}", base.code());
        self.enter(by.ctx, EventCode::PermissionChange, &act)?;
        self.end_row(by.ctx, &row).await
    }

    /// Every role that is held or will be.
    ///
    /// # Errors
    /// Forbidden unless the administrator manages users.
    pub async fn assignments(&self, by: Administrator<'_>) -> Result<Vec<Assignment>> {
        require(by, Operation::ManageUsers)?;
        let rows = self.rows_standing(by.ctx.tenant).await?;
        Ok(rows.into_iter().filter_map(Assignment::of).collect())
    }

    /// The role of the matrix behind a code.
    pub(super) async fn base_of(&self, tenant: TenantId, code: &str) -> Result<Role> {
        if let Some(role) = Role::from_code(code) {
            return Ok(role);
        }
        match self.role_definition(tenant, code).await? {
            Some(definition) => definition.base(),
            None => Err(AdministrationError::invalid("there is no such role")),
        }
    }

    /// Whether a role is the administrator's to give, in these places.
    pub(super) async fn check_conferred(
        &self,
        by: Administrator<'_>,
        role: Role,
        locations: &[String],
    ) -> Result<()> {
        let conferred = by
            .grant
            .roles()
            .iter()
            .any(|own| own.confers().contains(&role));
        if !conferred {
            return Err(AdministrationError::forbidden(
                "this role is not yours to give",
            ));
        }
        let own = self.administered_locations(by).await?;
        let within = own.is_none_or(|own| {
            !locations.is_empty() && locations.iter().all(|one| own.contains(one))
        });
        within.then_some(()).ok_or_else(|| {
            AdministrationError::forbidden("this role is not yours to give in these locations")
        })
    }

    /// The locations that the administrator is confined to; `None` when to none.
    pub(super) async fn administered_locations(
        &self,
        by: Administrator<'_>,
    ) -> Result<Option<BTreeSet<String>>> {
        let now = self.now();
        let mut own: Option<BTreeSet<String>> = None;
        for row in self.rows_of(by.ctx.tenant, &by.ctx.actor.id).await? {
            let What::Role { role, locations } = &row.what else {
                continue;
            };
            if !row.holds_at(now)
                || self
                    .base_of(by.ctx.tenant, role)
                    .await?
                    .confers()
                    .is_empty()
            {
                continue;
            }
            if locations.is_empty() {
                return Ok(None);
            }
            own.get_or_insert_default()
                .extend(locations.iter().cloned());
        }
        Ok(own)
    }
}

/// How many people besides one hold a role, or will.
const OTHER_HOLDERS: &str = "select count(distinct subject) from administration.standing \
    where tenant = $1 and subject <> $2 and kind = 1 and ended_at is null \
      and (ends_at is null or ends_at > $3)";
/// Class of the lock under which the people of an organisation are counted; the other key is the organisation.
const SEATS_LOCK: i32 = 0x6d74_7374;

/// Refuses, in the transaction that gives `subject` a role, one more person than the organisation may have: two at
/// once wait for each other.
pub(super) async fn take_seat(
    tx: &TenantTx,
    (tenant, subject): (TenantId, Uuid),
    most: i32,
    now: Instant,
) -> Result<()> {
    let lock = "select pg_advisory_xact_lock($1, $2)";
    tx.query(lock, &[&SEATS_LOCK, &tenant.0]).await?;
    let params: mt_database::Params<'_> = &[&tenant.0, &subject, &now.0];
    seat_left(&tx.query(OTHER_HOLDERS, params).await?, most)
}

fn seat_left(others: &[tokio_postgres::Row], most: i32) -> Result<()> {
    let others = others.first().map(|row| row.try_get::<_, i64>(0));
    let others = others
        .and_then(std::result::Result::ok)
        .ok_or(AdministrationError::Unreadable)?;
    if others < i64::from(most) {
        return Ok(());
    }
    Err(AdministrationError::conflict(
        "the organisation has as many people with a role as it may have",
    ))
}

/// Refuses an administrator to whom an operation is not open.
pub(super) fn require(by: Administrator<'_>, operation: Operation) -> Result<()> {
    if by.grant.allows(operation) {
        return Ok(());
    }
    Err(AdministrationError::forbidden(
        "this act of administration is not open to you",
    ))
}
