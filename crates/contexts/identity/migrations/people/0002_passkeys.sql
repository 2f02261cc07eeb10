-- Passkeys: credentials of authenticators (WebAuthn). Found by the digest of the credential id; name, key
-- and id are sealed.

create table people.passkey (
    tenant     int4 not null,
    id         uuid not null,
    account    uuid not null,
    -- SHA-256 of the credential id.
    digest     bytea not null check (length(digest) = 32),
    sealed     bytea not null,
    -- How often the authenticator had signed when it was last used; zero when it does not count.
    sign_count int8 not null,
    backed_up  boolean not null,
    created_at int8 not null,
    used_at    int8,
    primary key (tenant, id),
    unique (tenant, digest)
);
create index passkey_account on people.passkey (tenant, account);
select meditrack.isolate('people.passkey');
grant select, insert, delete on people.passkey to meditrack_app;
grant update (sealed, sign_count, backed_up, used_at) on people.passkey to meditrack_app;

-- The challenge of a ceremony is the secret of its row: taken once, gone when it expires.
alter table people.pending drop constraint pending_kind_check;
alter table people.pending add constraint pending_kind_check
    check (kind in ('sign-in', 'invitation', 'reset', 'passkey'));
