-- What the privacy office keeps. Papers are sealed; beside them stand only keyed hashes and states.

-- Incidents, disclosures and legal holds. An incident's id follows from what it is about, so that the
-- same finding twice is one incident.
create table privacy.paper (
  at      int8 not null,
  subject int8 not null,          -- keyed hash of the patient it is about; 0 = none or several
  tenant  int4 not null,
  version int4 not null check (version > 0),
  kind    int2 not null check (kind between 1 and 3),
  state   int2 not null,
  id      uuid not null,
  sealed  bytea not null,
  primary key (tenant, kind, id)
);
create index paper_time on privacy.paper (tenant, kind, at desc, id);
create index paper_subject on privacy.paper (tenant, kind, subject, at desc);

-- How far the rules have read the audit log.
create table privacy.progress (
  leaf    int8 not null check (leaf >= 0),
  tenant  int4 not null primary key
);

-- Who was seen with whom: keyed hashes by hour. Rules count in it; it is forgotten after a month.
create table privacy.seen (
  who     int8 not null,
  subject int8 not null,
  hour    int4 not null,
  tenant  int4 not null,
  what    int2 not null,
  primary key (tenant, what, who, hour, subject)
);
create index seen_hour on privacy.seen (tenant, hour);

-- What people decided about single entries of the audit trail.
create table privacy.review (
  seq     int8 not null,
  at      int8 not null,
  tenant  int4 not null,
  state   int2 not null check (state between 1 and 3), -- 1 open 2 reviewed 3 escalated
  sealed  bytea not null,
  primary key (tenant, seq)
);

-- Emergency accesses that somebody must look at in time.
create table privacy.pending (
  due     int8 not null,
  seq     int8 not null,
  tenant  int4 not null,
  primary key (tenant, seq)
);

-- Thresholds of the rules, where they differ from the defaults. No health information.
create table privacy.settings (
  tenant  int4 not null primary key,
  content text not null
);

-- The last verification of the log. No health information.
create table privacy.verification (
  tenant  int4 not null primary key,
  content text not null
);

select meditrack.isolate('privacy.paper');
select meditrack.isolate('privacy.progress');
select meditrack.isolate('privacy.seen');
select meditrack.isolate('privacy.review');
select meditrack.isolate('privacy.pending');
select meditrack.isolate('privacy.settings');
select meditrack.isolate('privacy.verification');

grant usage on schema privacy to meditrack_app;
grant select, insert, update on privacy.paper, privacy.progress, privacy.review, privacy.settings,
  privacy.verification to meditrack_app;
grant select, insert, delete on privacy.seen, privacy.pending to meditrack_app;
