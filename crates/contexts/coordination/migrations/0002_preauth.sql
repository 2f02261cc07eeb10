-- The join of laboratory orders that need the payer's authorisation with the coverages of their patients.
create table coordination.preauth_order (
  patient int8 not null,  -- keyed hash of the patient's id
  until   int8 not null,  -- how long a coverage is waited for
  tenant  int4 not null,
  state   int2 not null check (state between 1 and 3),  -- waiting, required, cancelled
  id      uuid not null,  -- follows from the order's id
  sealed  bytea not null,
  primary key (tenant, id)
);
create index preauth_order_waiting on coordination.preauth_order (tenant, until) where state = 1;
create index preauth_order_patient on coordination.preauth_order (tenant, patient) where state = 1;

create table coordination.preauth_coverage (
  patient int8 not null,
  tenant  int4 not null,
  id      uuid not null,  -- follows from the coverage's id
  sealed  bytea not null,
  primary key (tenant, id)
);
create index preauth_coverage_patient on coordination.preauth_coverage (tenant, patient);

select meditrack.isolate('coordination.preauth_order');
select meditrack.isolate('coordination.preauth_coverage');
grant select, insert, update on coordination.preauth_order to meditrack_app;
grant select, insert, update, delete on coordination.preauth_coverage to meditrack_app;
