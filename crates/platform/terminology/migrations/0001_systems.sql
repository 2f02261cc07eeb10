-- Licensed code systems that the operator loaded. Shared by all tenants; no health information.

create table terminology.system (
    id int8 generated always as identity primary key,
    url text not null,
    version text not null,
    concepts int8 not null,
    loaded_at timestamptz not null default now(),
    unique (url, version)
);

create table terminology.image (
    system int8 not null references terminology.system on delete cascade,
    number int4 not null,
    part bytea not null,
    primary key (system, number)
);

-- The parts are compressed already.
alter table terminology.image alter column part set storage external;

grant select on terminology.system, terminology.image to meditrack_app;
