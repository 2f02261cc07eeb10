//! The rows of `people.session`.

use std::sync::Arc;

use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Assurance, Instant, TenantId};
use uuid::Uuid;

use super::{Limits, Presented, Proof, Session, SessionView, csrf_of};
use crate::IdentityError;
use crate::people::account::Account;
use crate::people::sealed::{Place, open};

/// A session and its account, as stored.
pub(super) struct Row {
    pub(super) id: Uuid,
    account: Uuid,
    created_at: Instant,
    proved_at: Instant,
    pub(super) seen_at: Instant,
    expires_at: Instant,
    idle_seconds: i32,
    assurance: i16,
    amr: String,
    sealed_account: Vec<u8>,
    account_version: i32,
}

pub(super) async fn find(
    database: &Database,
    tenant: TenantId,
    digest: &[u8; 32],
) -> Result<Option<Row>, IdentityError> {
    let sql = "select s.id, s.account, s.created_at, s.proved_at, s.seen_at, s.expires_at, \
               s.assurance, s.amr, a.sealed, a.version, s.idle_seconds \
               from people.session s \
               join people.account a on a.tenant = s.tenant and a.id = s.account \
               where s.tenant = $1 and s.digest = $2 and s.ended_at is null and a.enabled";
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &&digest[..]])
        .await?;
    Ok(rows.first().map(|row| Row {
        id: row.get(0),
        account: row.get(1),
        created_at: Instant(row.get(2)),
        proved_at: Instant(row.get(3)),
        seen_at: Instant(row.get(4)),
        expires_at: Instant(row.get(5)),
        assurance: row.get(6),
        amr: row.get(7),
        sealed_account: row.get(8),
        account_version: row.get(9),
        idle_seconds: row.get(10),
    }))
}

impl Row {
    pub(super) fn is_alive(&self, now: Instant) -> bool {
        now < self.expires_at && now < self.seen_at.plus_seconds(i64::from(self.idle_seconds))
    }

    pub(super) fn session(
        self,
        keys: &TenantKeys,
        presented: &Presented,
        now: Instant,
    ) -> Result<Session, IdentityError> {
        let account = Account::open(
            keys,
            self.account,
            self.account_version,
            &self.sealed_account,
        )?;
        Ok(Session {
            id: self.id,
            tenant: presented.tenant,
            roles: account.roles_at(now),
            account: Arc::new(account),
            created_at: self.created_at,
            auth_time: self.proved_at,
            expires_at: self.expires_at,
            idle_seconds: self.idle_seconds,
            amr: self.amr.split_whitespace().map(str::to_owned).collect(),
            assurance: if self.assurance >= 2 {
                Assurance::Multi
            } else {
                Assurance::Single
            },
            csrf: csrf_of(presented.secret.expose()),
            digest: presented.digest(),
        })
    }
}

/// A session that begins.
pub(super) struct New<'a> {
    pub(super) id: Uuid,
    pub(super) account: Uuid,
    pub(super) digest: [u8; 32],
    pub(super) proof: &'a Proof,
    pub(super) now: Instant,
    pub(super) sealed: Vec<u8>,
    pub(super) limits: Limits,
}

fn level(proof: &Proof) -> i16 {
    match proof.assurance() {
        Assurance::Single => 1,
        Assurance::Multi | Assurance::StepUp => 2,
    }
}

pub(super) async fn insert(
    database: &Database,
    tenant: TenantId,
    new: &New<'_>,
) -> Result<(), IdentityError> {
    let tx = database.tenant(tenant).await?;
    // Long-ended sessions of the account go when a new one comes.
    let old = new.now.plus_seconds(-30 * 24 * 3600).0;
    let forget =
        "delete from people.session where tenant = $1 and account = $2 and expires_at < $3";
    tx.execute(forget, &[&tenant.0, &new.account, &old]).await?;
    let sql = "insert into people.session (tenant, id, digest, account, created_at, proved_at, seen_at, \
               expires_at, assurance, amr, sealed, idle_seconds) \
               values ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8, $9, $10)";
    let expires_at = new.now.plus_seconds(new.limits.lifetime_seconds).0;
    tx.execute(
        sql,
        &[
            &tenant.0,
            &new.id,
            &&new.digest[..],
            &new.account,
            &new.now.0,
            &expires_at,
            &level(new.proof),
            &new.proof.amr.join(" "),
            &new.sealed,
            &new.limits.idle_seconds,
        ],
    )
    .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn touch(
    database: &Database,
    tenant: TenantId,
    id: Uuid,
    now: Instant,
) -> Result<(), IdentityError> {
    let sql = "update people.session set seen_at = greatest(seen_at, $3) \
               where tenant = $1 and id = $2 and ended_at is null";
    let tx = database.tenant(tenant).await?;
    tx.execute(sql, &[&tenant.0, &id, &now.0]).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn prove(
    database: &Database,
    session: &Session,
    digest: &[u8; 32],
    proof: &Proof,
    now: Instant,
) -> Result<(), IdentityError> {
    let sql = "update people.session set digest = $3, proved_at = $4, seen_at = $4, \
               assurance = greatest(assurance, $5), amr = $6 \
               where tenant = $1 and id = $2 and digest = $7 and ended_at is null";
    let tx = database.tenant(session.tenant).await?;
    let updated = tx
        .execute(
            sql,
            &[
                &session.tenant.0,
                &session.id,
                &&digest[..],
                &now.0,
                &level(proof),
                &proof.amr.join(" "),
                &&session.digest[..],
            ],
        )
        .await?;
    if updated == 0 {
        return Err(IdentityError::SignedOut);
    }
    Ok(tx.commit().await?)
}

/// Which sessions of an account end.
pub(super) enum Which {
    One(Uuid),
    AllBut(Uuid),
    All,
}

pub(super) async fn end(
    database: &Database,
    tenant: TenantId,
    account: Uuid,
    which: Which,
    now: Instant,
) -> Result<u64, IdentityError> {
    let (id, condition) = match which {
        Which::One(id) => (id, "id = $4"),
        Which::AllBut(id) => (id, "id <> $4"),
        Which::All => (Uuid::nil(), "id <> $4"),
    };
    let sql = format!(
        "with ended as (update people.session set ended_at = $3 \
         where tenant = $1 and account = $2 and ended_at is null and {condition} \
         returning id, account) insert into people.ended (tenant, id, account, whole, at) \
         select $1, id, account, false, $3 from ended"
    );
    let tx = database.tenant(tenant).await?;
    let ended = tx
        .execute(&sql, &[&tenant.0, &account, &now.0, &id])
        .await?;
    tx.commit().await?;
    Ok(ended)
}

pub(super) async fn list(
    database: &Database,
    keys: &TenantKeys,
    account: Uuid,
    now: Instant,
) -> Result<Vec<SessionView>, IdentityError> {
    let sql = "select id, created_at, seen_at, sealed from people.session \
               where tenant = $1 and account = $2 and ended_at is null and expires_at > $3 \
               and seen_at + idle_seconds::int8 * 1000000 > $3 order by created_at desc limit 200";
    let tenant = keys.tenant();
    let params: mt_database::Params<'_> = &[&tenant.0, &account, &now.0];
    let rows = database.readers().query(tenant, sql, params).await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.get(0);
            Ok(SessionView {
                id,
                created_at: Instant(row.get(1)),
                seen_at: Instant(row.get(2)),
                whereabouts: open(keys, Place::Session, id.as_bytes(), row.get(3))?,
            })
        })
        .collect()
}
