//! Checks, as the application role, that the database isolates tenants, before anything is served.
//!
//! Isolation rests on settings that a person can change by hand: a grant, an owner, a policy. The
//! server refuses to start when one of them is not as it must be.

use mt_kernel::{ErrorKind, Fault};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::{Endpoint, Error, TenantTx};

/// What the check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Reasons not to serve.
    pub refusals: Vec<String>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// The database does not isolate tenants, or this process may not ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelfCheckError {
    /// At least one reason not to serve.
    #[error("the database is not safe to serve from: {}", .0.join("; "))]
    Unsafe(Vec<String>),
    /// The check could not run.
    #[error(transparent)]
    Sql(#[from] Error),
}

impl From<SelfCheckError> for Fault {
    fn from(error: SelfCheckError) -> Self {
        let kind = match &error {
            SelfCheckError::Unsafe(_) => ErrorKind::Unavailable,
            SelfCheckError::Sql(error) => error.kind(),
        };
        Self::new(kind, error.to_string())
    }
}

const ROLE: &str = "
    select r.rolsuper, r.rolbypassrls, r.rolcreaterole, current_setting('data_checksums') = 'on',
           current_setting('server_version_num')::int4 / 10000, current_setting('fsync') = 'on'
    from pg_roles r where r.rolname = current_user";

/// Tables with a tenant, with what protects them. A policy counts when it is for everybody and every
/// command, permissive, and compares the tenant with the setting in both directions. A looser policy
/// for a role that the application is no member of (the owner of search functions) is no concern.
const TABLES: &str = "
    select c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
           pg_has_role(current_user, c.relowner, 'member'),
           has_table_privilege(c.oid, 'select, insert, update, delete, truncate'),
           exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive
                   and p.polcmd = '*' and p.polroles = '{0}'
                   and pg_get_expr(p.polqual, c.oid) ~ $1
                   and coalesce(pg_get_expr(p.polwithcheck, c.oid),
                                pg_get_expr(p.polqual, c.oid)) ~ $1),
           exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive
                   and exists (select from unnest(p.polroles) as r (oid)
                               where r.oid = 0 or pg_has_role(current_user, r.oid, 'member'))
                   and not (coalesce(pg_get_expr(p.polqual, c.oid), '') ~ $1
                            or coalesce(pg_get_expr(p.polwithcheck, c.oid), '') ~ $1))
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)'
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant'
                  and not a.attisdropped)
    order by 1";

/// `(tenant = ( SELECT … current_setting('app.tenant' …) … ))`, with nothing beside it.
const POLICY: &str = r"^\(tenant = \( SELECT [^;]*current_setting\('app\.tenant'[^;]*\)\)$";

impl Report {
    /// Turns refusals into an error, for a process that is about to serve.
    ///
    /// # Errors
    /// [`SelfCheckError::Unsafe`] with every reason.
    pub fn enforce(self) -> Result<Vec<String>, SelfCheckError> {
        if self.refusals.is_empty() {
            Ok(self.warnings)
        } else {
            Err(SelfCheckError::Unsafe(self.refusals))
        }
    }
}

/// Runs all checks as the role of `app`.
///
/// # Errors
/// [`Error`] when the checks cannot run at all.
pub async fn self_check(app: &Endpoint) -> Result<Report, Error> {
    let (client, _driver) = app.connect().await?;
    let mut report = Report::default();
    check_role(&client, &mut report).await?;
    for row in client.query(TABLES, &[&POLICY]).await? {
        check_table(&row, &mut report)?;
    }
    Ok(report)
}

async fn check_role(client: &Client, report: &mut Report) -> Result<(), Error> {
    let row = client.query_one(ROLE, &[]).await?;
    for (index, right) in ["superuser", "bypassrls", "createrole"].iter().enumerate() {
        if row.try_get(index)? {
            report
                .refusals
                .push(format!("the application role has the right {right}"));
        }
    }
    if !row.try_get::<_, bool>(3)? {
        let text = "data checksums are off; damaged pages will not be noticed";
        report.warnings.push(text.to_owned());
    }
    let major: i32 = row.try_get(4)?;
    if major < crate::cluster::OLDEST_MAJOR.cast_signed() {
        report.refusals.push(format!(
            "the server is PostgreSQL {major}; 15 or newer is needed"
        ));
    }
    if !row.try_get::<_, bool>(5)? {
        let text = "fsync is off; a crash can lose or damage data";
        report.warnings.push(text.to_owned());
    }
    Ok(())
}

fn check_table(row: &Row, report: &mut Report) -> Result<(), Error> {
    let table: String = row.try_get(0)?;
    let mut refuse = |reason: &str| report.refusals.push(format!("table {table}: {reason}"));
    let is_partition: bool = row.try_get(3)?;
    if row.try_get(4)? {
        refuse("the application role owns it");
    }
    if is_partition {
        // A partition that is queried by its own name is not covered by its parent's policy.
        if row.try_get(5)? {
            refuse("the application role has a grant on a partition");
        }
        return Ok(());
    }
    if !row.try_get::<_, bool>(1)? || !row.try_get::<_, bool>(2)? {
        refuse("row-level security is not forced");
    }
    if !row.try_get::<_, bool>(6)? {
        refuse("it lacks the policy that compares tenant with app.tenant");
    }
    if row.try_get(7)? {
        refuse("a further permissive policy opens it");
    }
    Ok(())
}

/// The plan that PostgreSQL chooses for `sql` with these values, in this transaction: for checks
/// that a search uses the index it was built for.
///
/// # Errors
/// Any [`Error`] of planning.
pub async fn explain(
    tx: &TenantTx,
    sql: &str,
    params: &[(&(dyn ToSql + Sync), Type)],
) -> Result<String, Error> {
    let rows = tx
        .query_typed(&format!("explain (costs off) {sql}"), params)
        .await?;
    let lines: Result<Vec<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(lines?.join("\n"))
}
