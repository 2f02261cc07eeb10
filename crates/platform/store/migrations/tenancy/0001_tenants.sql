-- Tenants, their wrapped keys and their sealed dictionaries.

-- The registry itself holds no health information and is read before a tenant is known.
create table tenancy.tenants (
  id         int4 generated always as identity primary key,
  name       text not null unique check (name ~ '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$'),
  state      int2 not null default 1 check (state between 1 and 4),  -- 1 active 2 suspended 3 deleting 4 deleted
  created_at int8 not null
);

-- Data keys wrapped by the tenant's key-encryption key; useless without it.
create table tenancy.keys (
  tenant     int4 not null,
  purpose    int2 not null,
  id         int4 not null,
  state      int2 not null check (state between 1 and 3),            -- 1 active 2 retired 3 destroyed
  wrapped    bytea not null,
  created_at int8 not null,
  primary key (tenant, purpose, id)
);
create unique index keys_one_active on tenancy.keys (tenant, purpose) where state = 1;

-- Compression dictionaries trained on the tenant's own records: sealed, because they contain them.
create table tenancy.dictionaries (
  tenant     int4 not null,
  type       int2 not null,
  id         int4 not null,
  active     bool not null,
  sealed     bytea not null,
  created_at int8 not null,
  primary key (tenant, type, id)
);

-- Long-running jobs per tenant: where they stand, so that they resume.
create table tenancy.jobs (
  tenant     int4 not null,
  name       text not null,
  started_at int8 not null,
  updated_at int8 not null,
  done       int8 not null default 0,
  total      int8 not null default 0,
  cursor     bytea,
  finished   bool not null default false,
  failure    text,
  primary key (tenant, name)
);

select meditrack.isolate('tenancy.keys');
select meditrack.isolate('tenancy.dictionaries');
select meditrack.isolate('tenancy.jobs');

grant usage on schema tenancy to meditrack_app;
grant select, insert, update on tenancy.tenants to meditrack_app;
grant select, insert, update on tenancy.keys, tenancy.dictionaries to meditrack_app;
grant select, insert, update, delete on tenancy.jobs to meditrack_app;
