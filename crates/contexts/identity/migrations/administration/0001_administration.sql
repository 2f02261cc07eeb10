-- Who stands where in an organisation, and what the organisation decided about itself.

-- Whatever gives a person standing for a time: roles, proxies for patients, broken glass. Rows are
-- ended and never deleted, so that a subject who once had an assignment is never judged by less.
create table administration.standing (
    tenant     int4 not null,
    id         uuid not null,
    kind       int2 not null check (kind between 1 and 3),   -- 1 role, 2 proxy, 3 broken glass
    -- Key of the subject of tokens and sessions.
    subject    uuid not null,
    starts_at  int8 not null,
    ends_at    int8 check (ends_at > starts_at),
    ended_at   int8,
    -- Whether somebody has to decide on it.
    open_review boolean not null default false,
    sealed     bytea not null,
    primary key (tenant, id)
);
create index standing_subject on administration.standing (tenant, subject);
create index standing_review on administration.standing (tenant, starts_at) where open_review;
select meditrack.isolate('administration.standing');
grant select, insert on administration.standing to meditrack_app;
grant update (ended_at, open_review, sealed) on administration.standing to meditrack_app;

-- Roles that an organisation derives. Definitions hold no health information.
create table administration.derived_role (
    tenant     int4 not null,
    code       text not null check (code ~ '^[a-z][a-z0-9-]{1,39}$'),
    definition text not null,
    created_at int8 not null,
    retired_at int8,
    primary key (tenant, code)
);
select meditrack.isolate('administration.derived_role');
grant select, insert on administration.derived_role to meditrack_app;
grant update (definition, retired_at) on administration.derived_role to meditrack_app;

-- Settings, branding and the state of onboarding, as one document per organisation and kind.
create table administration.document (
    tenant     int4 not null,
    kind       text not null check (kind in ('settings', 'branding', 'onboarding')),
    version    int4 not null,
    body       text not null check (length(body) <= 400000),
    updated_at int8 not null,
    primary key (tenant, kind)
);
select meditrack.isolate('administration.document');
grant select, insert on administration.document to meditrack_app;
grant update (version, body, updated_at) on administration.document to meditrack_app;

-- The installation's own book on organisations: what they may use, and which are to be deleted.
-- It names no person and is read before a tenant is known.
create table administration.organisation (
    organisation int4 primary key,
    users        int4 check (users > 0),
    storage_mib  int8 check (storage_mib > 0),
    per_second   int4 check (per_second > 0),
    -- Deletion is asked for, waits, and is done.
    closing_at   int8,
    due_at       int8 check (due_at >= closing_at),
    closed_at    int8
);
grant select, insert, update on administration.organisation to meditrack_app;
grant usage on schema administration to meditrack_app;
