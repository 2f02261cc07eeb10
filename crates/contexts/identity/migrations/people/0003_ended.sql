-- What ended, until the clients that hold its tokens are told: a session, or a whole account. A row is
-- written with the end itself, so that no end goes untold when a process dies.

create table people.ended (
    tenant  int4 not null,
    -- The session; or a number of its own when the account ended.
    id      uuid not null,
    account uuid not null,
    whole   boolean not null,
    at      int8 not null,
    primary key (tenant, id)
);
select meditrack.isolate('people.ended');
-- Updates are granted for the sake of "for update".
grant select, insert, delete, update on people.ended to meditrack_app;

-- What the organisation had decided when the session began.
alter table people.session add column idle_seconds int4 not null default 900;
