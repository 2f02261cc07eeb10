-- The transparency log over `records.audit`: which row is which leaf, tiles, signed checkpoints, and
-- the index that finds entries by actor, resource and patient.
--
-- `records.audit` holds every audit row: commits write theirs in their own transaction, reads arrive
-- from the journal. This schema adds to it and therefore comes after `records`.

-- Integration takes the rows of one tenant in order of transaction; listing goes by time.
create index audit_window on records.audit (tenant, xid, seq);
create index audit_time on records.audit (tenant, at, seq);
-- Led by no tenant: nothing asks for it, and every commit would pay for it.
drop index if exists records.audit_xid;

-- One row per batch of leaves: leaves `first` to `size - 1` are the rows `seqs`, in this order.
create table audit.checkpoint (
  size     int8 not null check (size > first),
  first    int8 not null check (first >= 0),
  at       int8 not null,
  last_xid xid8 not null,         -- rows up to (last_xid, last_seq) are leaves
  last_seq int8 not null,
  low      int8 not null,         -- least and greatest of seqs
  high     int8 not null,
  tenant   int4 not null,
  seqs     int8[] not null check (array_length(seqs, 1) = size - first),
  root     bytea not null check (octet_length(root) = 32),
  note     text not null,         -- the checkpoint as a signed note
  primary key (tenant, size),
  unique (tenant, first)          -- a log does not fork
);

-- Full tiles of 256 hashes (C2SP tlog-tiles). What does not fill a tile is recomputed from the rows.
create table audit.tile (
  n      int8 not null check (n >= 0),
  tenant int4 not null,
  level  int2 not null check (level between 0 and 7),
  hashes bytea not null check (octet_length(hashes) = 8192),
  primary key (tenant, level, n)
);
alter table audit.tile alter hashes set storage external;

-- Keyed hashes of what an entry names.
create table audit.mention (
  token  int8 not null,
  at     int8 not null,
  seq    int8 not null,
  tenant int4 not null,
  primary key (tenant, token, at, seq)
);

-- The key that signs a tenant's checkpoints; the private half is sealed.
create table audit.signer (
  created_at int8 not null,
  tenant     int4 not null primary key,
  origin     text not null,
  public     bytea not null check (octet_length(public) = 32),
  sealed     bytea not null
);

-- How far each journal has arrived in `records.audit`: what makes arriving twice impossible.
create table audit.drained (
  segment int8 not null,
  upto    int8 not null,
  tenant  int4 not null,
  journal uuid not null,
  primary key (tenant, journal)
);

select meditrack.isolate('audit.checkpoint');
select meditrack.isolate('audit.tile');
select meditrack.isolate('audit.mention');
select meditrack.isolate('audit.signer');
select meditrack.isolate('audit.drained');

grant usage on schema audit to meditrack_app;
grant select, insert on audit.checkpoint, audit.tile, audit.mention, audit.signer to meditrack_app;
grant select, insert, update, delete on audit.drained to meditrack_app;

-- The trail grows and does not change, for the owner of the tables too: a mistake is stopped here, an
-- intruder is found by the log.
create function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  raise insufficient_privilege using message = 'the audit trail does not change';
end $$;
revoke all on function audit.refuse_change() from public;

create trigger grows_only before update or delete or truncate on records.audit
  for each statement execute function audit.refuse_change();
create trigger grows_only before update or delete or truncate on audit.checkpoint
  for each statement execute function audit.refuse_change();
create trigger grows_only before update or delete or truncate on audit.tile
  for each statement execute function audit.refuse_change();
create trigger grows_only before update or delete or truncate on audit.mention
  for each statement execute function audit.refuse_change();
create trigger grows_only before update or delete or truncate on audit.signer
  for each statement execute function audit.refuse_change();
