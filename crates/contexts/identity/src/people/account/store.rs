//! The rows of `people.account`.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx, TenantId};
use mt_store::Tenants;
use uuid::Uuid;

use super::{Account, Profile, email_token, folded, username_token};
use crate::IdentityError;
use crate::announce::{self, Whose};

/// The accounts of all tenants.
#[derive(Clone)]
pub(crate) struct Accounts {
    database: Database,
    tenants: Tenants,
}

const COLUMNS: &str = "id, version, sealed, enabled";

impl Accounts {
    pub(crate) const fn new(database: Database, tenants: Tenants) -> Self {
        Self { database, tenants }
    }

    /// The account of this id.
    pub(crate) async fn find(
        &self,
        tenant: TenantId,
        id: Uuid,
    ) -> Result<Option<Account>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let sql = format!("select {COLUMNS} from people.account where tenant = $1 and id = $2");
        let rows = self
            .database
            .readers()
            .query(tenant, &sql, &[&tenant.0, &id])
            .await?;
        rows.first().map(|row| opened(&keys, row)).transpose()
    }

    /// The account with this user name, or with this e-mail address when that is only one's.
    pub(crate) async fn named(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<Account>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let index = keys.blind_index()?;
        let sql = format!(
            "select {COLUMNS} from people.account where tenant = $1 and (username = $2 or email = $3)"
        );
        let params: mt_database::Params<'_> = &[
            &tenant.0,
            &username_token(&index, name),
            &email_token(&index, name),
        ];
        let rows = self.database.readers().query(tenant, &sql, params).await?;
        let all: Result<Vec<Account>, _> = rows.iter().map(|row| opened(&keys, row)).collect();
        // A blind token may meet a stranger; the opened name decides.
        let (all, wanted) = (all?, folded(name));
        let is_email = |account: &&Account| {
            let email = account.profile.email.as_deref();
            email.is_some_and(|email| folded(email) == wanted)
        };
        let by_name = all
            .iter()
            .find(|account| folded(&account.profile.username) == wanted);
        let mut by_email = all.iter().filter(is_email);
        let only = by_email.next().filter(|_| by_email.next().is_none());
        Ok(by_name.or(only).cloned())
    }

    /// Makes an account; roles that it brings are told.
    pub(crate) async fn create(
        &self,
        ctx: &OpCtx,
        profile: Profile,
    ) -> Result<Account, IdentityError> {
        let keys = self.tenants.keys(ctx.tenant).await?;
        let tx = self.database.tenant(ctx.tenant).await?;
        let account = insert(&tx, &keys, profile, ctx.now).await?;
        if !account.profile.roles.is_empty() {
            tell_of_change(&tx, &keys, ctx, account.id).await?;
        }
        tx.commit().await?;
        Ok(account)
    }

    /// Replaces profile and state of the version that the caller saw, and tells of it: with the profile goes what the
    /// account may do.
    pub(crate) async fn update(&self, ctx: &OpCtx, account: &Account) -> Result<(), IdentityError> {
        let tenant = ctx.tenant;
        checked(&account.profile)?;
        let keys = self.tenants.keys(tenant).await?;
        let index = keys.blind_index()?;
        let email = account.profile.email.as_deref();
        let email = email.map(|email| email_token(&index, email));
        let sql = "update people.account set username = $3, email = $4, sealed = $5, enabled = $6, \
                   version = version + 1 where tenant = $1 and id = $2 and version = $7";
        let version = i32::try_from(account.version).unwrap_or(i32::MAX);
        let tx = self.database.tenant(tenant).await?;
        let updated = tx
            .execute(
                sql,
                &[
                    &tenant.0,
                    &account.id,
                    &username_token(&index, &account.profile.username),
                    &email,
                    &account.seal(&keys)?,
                    &account.enabled,
                    &version,
                ],
            )
            .await
            .map_err(taken)?;
        if updated == 0 {
            let text = "somebody else changed it first; read it again";
            return Err(Fault::new(ErrorKind::Precondition, text).into());
        }
        tell_of_change(&tx, &keys, ctx, account.id).await?;
        Ok(tx.commit().await?)
    }

    /// Accounts in order of creation, after `after`.
    pub(crate) async fn list(
        &self,
        tenant: TenantId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Account>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let sql = format!(
            "select {COLUMNS} from people.account where tenant = $1 and id > $2 order by id limit $3"
        );
        let (after, limit) = (after.unwrap_or(Uuid::nil()), i64::from(limit));
        let params: mt_database::Params<'_> = &[&tenant.0, &after, &limit];
        let rows = self.database.readers().query(tenant, &sql, params).await?;
        rows.iter().map(|row| opened(&keys, row)).collect()
    }
}

/// Makes an account inside a transaction.
pub(crate) async fn insert(
    tx: &TenantTx,
    keys: &TenantKeys,
    profile: Profile,
    now: Instant,
) -> Result<Account, IdentityError> {
    checked(&profile)?;
    let account = Account {
        id: Uuid::now_v7(),
        profile,
        version: 1,
        enabled: true,
    };
    let index = keys.blind_index()?;
    let email = account.profile.email.as_deref();
    let email = email.map(|email| email_token(&index, email));
    let sql = "insert into people.account (tenant, id, username, email, sealed, created_at) \
               values ($1, $2, $3, $4, $5, $6)";
    tx.execute(
        sql,
        &[
            &keys.tenant().0,
            &account.id,
            &username_token(&index, &account.profile.username),
            &email,
            &account.seal(keys)?,
            &now.0,
        ],
    )
    .await
    .map_err(taken)?;
    Ok(account)
}

async fn tell_of_change(
    tx: &TenantTx,
    keys: &TenantKeys,
    ctx: &OpCtx,
    account: Uuid,
) -> Result<(), IdentityError> {
    let account = account.to_string();
    let event = announce::permission_changed(Whose::Account(&account), &ctx.actor.id)?;
    Ok(mt_store::say(tx, keys, (ctx.correlation_id, ctx.now), &[event]).await?)
}

fn taken(error: mt_database::Error) -> IdentityError {
    match error {
        mt_database::Error::Unique { .. } => {
            Fault::new(ErrorKind::Conflict, "the user name is taken")
                .at("username")
                .into()
        }
        other => other.into(),
    }
}

fn checked(profile: &Profile) -> Result<(), Fault> {
    let name = profile.username.trim();
    let visible = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    if !visible(name) || name.chars().count() > 100 {
        let text = "a user name is 1 to 100 visible characters";
        return Err(Fault::new(ErrorKind::Invalid, text).at("username"));
    }
    if let Some(email) = &profile.email
        && (email.len() > 254 || !mt_mail::is_address(email))
    {
        return Err(Fault::new(ErrorKind::Invalid, "this is no e-mail address").at("email"));
    }
    if let Some(reference) = &profile.fhir_user {
        let known = reference.split_once('/').is_some_and(|(name, id)| {
            let types = [
                "Patient",
                "Practitioner",
                "PractitionerRole",
                "RelatedPerson",
                "Person",
            ];
            types.contains(&name) && !id.is_empty() && id.len() <= 64
        });
        if !known {
            let text = "the own resource is a Patient, Practitioner, PractitionerRole, RelatedPerson or Person";
            return Err(Fault::new(ErrorKind::Invalid, text).at("fhirUser"));
        }
    }
    Ok(())
}

pub(super) fn opened(
    keys: &TenantKeys,
    row: &tokio_postgres::Row,
) -> Result<Account, IdentityError> {
    let (id, version, sealed): (Uuid, i32, &[u8]) = (row.get(0), row.get(1), row.get(2));
    Ok(Account {
        enabled: row.get(3),
        ..Account::open(keys, id, version, sealed)?
    })
}
