-- Numbers of a tenant's own search parameters. Keys in the index are hashed with the number, so that it is
-- never used for anything else; a definition that changes gets a new one.
create table tenancy.params (
  tenant   int4 not null,
  number   int4 not null,
  resource uuid,            -- the SearchParameter; null when it is gone or has another number
  digest   int8 not null,   -- keyed hash of the definition
  ready    bool not null,   -- whether all records are indexed by it
  primary key (tenant, number)
);
create unique index params_resource on tenancy.params (tenant, resource);

select meditrack.isolate('tenancy.params');
grant select, insert, update, delete on tenancy.params to meditrack_app;
