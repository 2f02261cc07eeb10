-- The authorization server. Bearer secrets are stored as SHA-256 digests only; what names a person or a
-- patient is sealed under the tenant's keys.

-- ID tokens of clients that understand nothing else are signed with RS256.
alter table identity.signing_key
    alter column x drop not null,
    alter column y drop not null,
    add column n bytea,
    add column algorithm text not null default 'ES256',
    add constraint signing_key_parts check (case algorithm
        when 'ES256' then x is not null and y is not null and n is null
        when 'RS256' then n is not null and x is null and y is null
        else false end);

-- Registered clients. `metadata` is the JSON of RFC 7591 with our extensions.
create table oauth.client (
    tenant       int4  not null,
    id           uuid  not null,
    created_at   int8  not null,
    removed_at   int8,
    secret       bytea check (length(secret) = 32),
    registration bytea check (length(registration) = 32),
    metadata     text  not null,
    primary key (tenant, id)
);
select meditrack.isolate('oauth.client');
grant select, insert on oauth.client to meditrack_app;
grant update (removed_at, secret, registration, metadata) on oauth.client to meditrack_app;

-- Requests on their way: pushed (PAR), or waiting for a person to sign in and consent.
create table oauth.request (
    tenant     int4  not null,
    handle     bytea not null check (length(handle) = 32),
    client     uuid  not null,
    expires_at int8  not null,
    sealed     bytea not null,
    primary key (tenant, handle)
);
create index request_expiry on oauth.request (tenant, expires_at);
select meditrack.isolate('oauth.request');
grant select, insert, delete on oauth.request to meditrack_app;
grant update (sealed) on oauth.request to meditrack_app;

-- What a person allowed a client: the family of all tokens that come from one code.
create table oauth.family (
    tenant     int4  not null,
    id         uuid  not null,
    client     uuid  not null,
    account    uuid  not null,
    session    uuid  not null,
    offline    bool  not null,
    created_at int8  not null,
    expires_at int8  not null,
    revoked_at int8,
    sealed     bytea not null,
    primary key (tenant, id)
);
create index family_session on oauth.family (tenant, session);
create index family_account on oauth.family (tenant, account);
create index family_client on oauth.family (tenant, client);
select meditrack.isolate('oauth.family');
grant select, insert, delete on oauth.family to meditrack_app;
grant update (revoked_at, sealed) on oauth.family to meditrack_app;

-- Codes and refresh tokens. A used one stays until it expires, so that its second use is noticed.
create table oauth.handle (
    tenant        int4  not null,
    digest        bytea not null check (length(digest) = 32),
    kind          char  not null check (kind in ('c', 'r')),
    family        uuid  not null,
    expires_at    int8  not null,
    used_at       int8,
    sealed        bytea,
    primary key (tenant, digest)
);
create index handle_expiry on oauth.handle (tenant, expires_at);
select meditrack.isolate('oauth.handle');
grant select, insert, delete on oauth.handle to meditrack_app;
grant update (used_at) on oauth.handle to meditrack_app;

-- Access tokens, authorizations and clients whose tokens are refused, until the last of them has expired.
create table oauth.revoked (
    tenant     int4 not null,
    subject    uuid not null,
    expires_at int8 not null,
    primary key (tenant, subject)
);
select meditrack.isolate('oauth.revoked');
grant select, insert, delete on oauth.revoked to meditrack_app;
grant update (expires_at) on oauth.revoked to meditrack_app;

-- Ids of assertions and proofs that were used.
create table oauth.seen (
    tenant     int4  not null,
    digest     bytea not null check (length(digest) = 32),
    expires_at int8  not null,
    primary key (tenant, digest)
);
create index seen_expiry on oauth.seen (tenant, expires_at);
select meditrack.isolate('oauth.seen');
grant select, insert, delete on oauth.seen to meditrack_app;

-- What a person has allowed before, so that a client with credentials need not ask again.
create table oauth.consent (
    tenant  int4 not null,
    account uuid not null,
    client  uuid not null,
    scope   text not null,
    at      int8 not null,
    primary key (tenant, account, client)
);
select meditrack.isolate('oauth.consent');
grant select, insert, delete on oauth.consent to meditrack_app;
grant update (scope, at) on oauth.consent to meditrack_app;

-- Launches from the EHR, waiting for the app.
create table oauth.launch (
    tenant     int4  not null,
    digest     bytea not null check (length(digest) = 32),
    client     uuid  not null,
    expires_at int8  not null,
    sealed     bytea not null,
    primary key (tenant, digest)
);
select meditrack.isolate('oauth.launch');
grant select, insert, delete on oauth.launch to meditrack_app;

-- Settings of a tenant's provider: who may register, and an external issuer.
create table oauth.setting (
    tenant int4 not null,
    name   text not null,
    value  text not null,
    primary key (tenant, name)
);
select meditrack.isolate('oauth.setting');
grant select, insert, delete on oauth.setting to meditrack_app;
grant update (value) on oauth.setting to meditrack_app;
