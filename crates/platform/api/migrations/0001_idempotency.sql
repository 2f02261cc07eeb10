-- Answers that were given under an Idempotency-Key, so that a repeated request gets the same one.
-- The key and the request are hashes; the answer may be health information and is sealed.
create table api.idempotency (
    tenant     int4  not null,
    key        bytea not null check (length(key) = 32),
    request    bytea not null check (length(request) = 32),
    created_at int8  not null,
    -- Null while the first request runs.
    sealed     bytea,
    primary key (tenant, key)
);
create index idempotency_age on api.idempotency (tenant, created_at);

select meditrack.isolate('api.idempotency');
grant select, insert, update, delete on api.idempotency to meditrack_app;
