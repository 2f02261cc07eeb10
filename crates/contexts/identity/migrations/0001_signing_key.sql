-- Keys that sign the tokens of a tenant. The private half is sealed under the tenant's keys, so that
-- shredding a tenant also ends its tokens; the public half is public anyway (JWKS).
create table identity.signing_key (
    tenant     int4   not null,
    kid        uuid   not null,
    created_at int8   not null,
    retired_at int8,
    x          bytea  not null check (length(x) = 32),
    y          bytea  not null check (length(y) = 32),
    sealed     bytea  not null,
    primary key (tenant, kid)
);

select meditrack.isolate('identity.signing_key');
grant select, insert on identity.signing_key to meditrack_app;
grant update (retired_at) on identity.signing_key to meditrack_app;
