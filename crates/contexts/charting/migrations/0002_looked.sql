-- When somebody last looked into a patient's chart: keyed hashes of both, and times. It marks what has changed since;
-- who looked is told by the audit trail.
create table charting.looked (
    tenant  int4 not null,
    reader  int8 not null,                          -- keyed hash of the account
    patient uuid not null,                          -- row key
    latest  int8 not null,                          -- when they last looked
    before  int8,                                   -- when they had looked before that visit
    primary key (tenant, reader, patient)
);
select meditrack.isolate('charting.looked');
create index looked_patient on charting.looked (tenant, patient);
grant select, insert, update, delete on charting.looked to meditrack_app;
