-- What happened to patients: one row for each event that names one, its content sealed.
create table coordination.timeline (
  at          int8 not null,
  patient     int8 not null,  -- keyed hash of the patient's id
  tenant      int4 not null,
  event       int2 not null,  -- kind, by its number in the catalogue
  id          uuid not null,
  correlation uuid not null,
  body        bytea not null,
  primary key (tenant, patient, at, id)
);
select meditrack.isolate('coordination.timeline');
grant usage on schema coordination to meditrack_app;
grant select, insert on coordination.timeline to meditrack_app;
