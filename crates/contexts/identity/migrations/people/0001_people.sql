-- People who sign in. What names a person is sealed; names are found by blind tokens, and secrets
-- that are only compared are stored as SHA-256 digests.

create table people.account (
    tenant     int4 not null,
    id         uuid not null,
    -- Blind tokens of the folded user name and e-mail address.
    username   int8 not null,
    email      int8,
    sealed     bytea not null,
    enabled    boolean not null default true,
    version    int4 not null default 1,
    created_at int8 not null,
    primary key (tenant, id),
    unique (tenant, username)
);
create index account_email on people.account (tenant, email) where email is not null;
select meditrack.isolate('people.account');
grant select, insert on people.account to meditrack_app;
grant update (username, email, sealed, enabled, version) on people.account to meditrack_app;

-- Salt, cost and hash, sealed: a stolen database gives nothing to guess against.
create table people.password (
    tenant     int4 not null,
    account    uuid not null,
    sealed     bytea not null,
    changed_at int8 not null,
    primary key (tenant, account)
);
select meditrack.isolate('people.password');
grant select, insert, delete on people.password to meditrack_app;
grant update (sealed, changed_at) on people.password to meditrack_app;

create table people.totp (
    tenant     int4 not null,
    account    uuid not null,
    sealed     bytea not null,
    -- The last time step that was used: a code is good once.
    used_step  int8 not null,
    created_at int8 not null,
    primary key (tenant, account)
);
select meditrack.isolate('people.totp');
grant select, insert, delete on people.totp to meditrack_app;
grant update (sealed, used_step, created_at) on people.totp to meditrack_app;

create table people.recovery_code (
    tenant  int4 not null,
    account uuid not null,
    digest  bytea not null check (length(digest) = 32),
    used_at int8,
    primary key (tenant, account, digest)
);
select meditrack.isolate('people.recovery_code');
grant select, insert, delete on people.recovery_code to meditrack_app;
grant update (used_at) on people.recovery_code to meditrack_app;

-- Sessions of browsers. The cookie holds the secret, the row its digest.
create table people.session (
    tenant     int4 not null,
    id         uuid not null,
    digest     bytea not null check (length(digest) = 32),
    account    uuid not null,
    created_at int8 not null,
    -- When the person last proved who they are.
    proved_at  int8 not null,
    seen_at    int8 not null,
    expires_at int8 not null,
    ended_at   int8,
    assurance  int2 not null check (assurance in (1, 2)),
    amr        text not null,
    -- Browser and address.
    sealed     bytea not null,
    primary key (tenant, id),
    unique (tenant, digest)
);
create index session_account on people.session (tenant, account) where ended_at is null;
select meditrack.isolate('people.session');
grant select, insert, delete on people.session to meditrack_app;
grant update (digest, proved_at, seen_at, ended_at, assurance, amr) on people.session to meditrack_app;

-- What is under way: a sign-in between its factors, an invitation, a reset.
create table people.pending (
    tenant     int4 not null,
    digest     bytea not null check (length(digest) = 32),
    kind       text not null check (kind in ('sign-in', 'invitation', 'reset')),
    account    uuid,
    expires_at int8 not null,
    sealed     bytea not null,
    primary key (tenant, digest)
);
create index pending_expiry on people.pending (tenant, expires_at);
create index pending_account on people.pending (tenant, account) where account is not null;
select meditrack.isolate('people.pending');
grant select, insert, delete on people.pending to meditrack_app;
grant update (sealed) on people.pending to meditrack_app;

-- Failures by keyed hash of what is slowed down: a device, an account from a network, a network.
create table people.throttle (
    tenant   int4 not null,
    key      int8 not null,
    failures int4 not null,
    last_at  int8 not null,
    primary key (tenant, key)
);
create index throttle_age on people.throttle (tenant, last_at);
select meditrack.isolate('people.throttle');
grant select, insert, delete on people.throttle to meditrack_app;
grant update (failures, last_at) on people.throttle to meditrack_app;

-- Browsers at which an account has signed in before: digest of the browser's secret and the account.
create table people.device (
    tenant  int4 not null,
    digest  bytea not null check (length(digest) = 32),
    account uuid not null,
    seen_at int8 not null,
    primary key (tenant, digest)
);
create index device_account on people.device (tenant, account, seen_at);
select meditrack.isolate('people.device');
grant select, insert, delete on people.device to meditrack_app;
grant update (seen_at) on people.device to meditrack_app;

-- E-mail that waits for its server.
create table people.mail (
    tenant     int4 not null,
    id         uuid not null,
    due_at     int8 not null,
    attempts   int4 not null default 0,
    sealed     bytea not null,
    primary key (tenant, id)
);
create index mail_due on people.mail (tenant, due_at);
select meditrack.isolate('people.mail');
grant select, insert, delete on people.mail to meditrack_app;
grant update (due_at, attempts) on people.mail to meditrack_app;
