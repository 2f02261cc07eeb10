-- The record store: current versions, history, side index, transaction log, audit rows.
-- Every number here was measured (see the crate's README): one table for all types, keys hashed in
-- the application, and no changing column in any index so that updates stay HOT.

create table records.res (
  dlo        int8 not null,   -- main clinical date: first microsecond, shifted by the tenant's secret; min(int8) = none
  dhi        int8 not null,   -- and last microsecond
  updated_at int8 not null,   -- meta.lastUpdated, microseconds, whole milliseconds
  pat        int8,            -- keyed hash of the first patient whose compartment holds the resource
  k1         int8,            -- keyed hash of (type, main code parameter, first system and code)
  tenant     int4 not null,
  version    int4 not null check (version > 0),
  type       int2 not null,
  deleted    bool not null,
  recheck    bool not null,   -- the dates on the row are only a hull: open the body to be sure
  id         uuid not null,
  keys       int8[] not null, -- keyed hashes of (type, parameter, value)
  body       bytea not null,  -- compressed, then sealed; bound to tenant, type, id and version
  primary key (tenant, type, id)
) with (fillfactor = 82,
        autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
alter table records.res alter keys set storage external, alter body set storage external;
alter table records.res alter keys set statistics 1000;

-- In order of the end of the main date: newest first, and `date=ge…` bounds the scan. What a count
-- needs beside is included, so that it need not visit the rows.
create index res_pat  on records.res (tenant, pat, type, dhi desc) where pat is not null;
create index res_date on records.res (tenant, type, dhi desc);
create index res_k1   on records.res (tenant, k1, dhi desc) include (dlo, recheck) where k1 is not null;
create index res_keys on records.res using gin (keys) with (fastupdate = on);

-- Superseded versions. Append only; the statement that supersedes a version copies it here.
create table records.res_h (
  updated_at int8 not null,
  tenant     int4 not null,
  version    int4 not null,
  type       int2 not null,
  deleted    bool not null,
  id         uuid not null,
  body       bytea not null,
  primary key (tenant, type, id, version)
);
alter table records.res_h alter body set storage external;

-- Secondary dates, numbers and quantities, and further codes and patients, each under a keyed hash.
create table records.aux (
  h      int8 not null,       -- keyed hash of (type, parameter[, unit or value])
  lo     int8 not null,       -- shifted date, or number in an order-preserving code
  hi     int8 not null,
  tenant int4 not null,
  type   int2 not null,
  id     uuid not null
);
create index aux_h  on records.aux (tenant, h, lo, id);
create index aux_id on records.aux (tenant, id);

-- One row of arrays per transaction: outbox, type and system history, cache invalidation.
-- The sequence must not be cached: inside one horizon window rows of one record are told apart by seq.
create table records.txlog (
  at          int8 not null,
  seq         int8 generated always as identity (cache 1),
  xid         xid8 not null default pg_current_xact_id(),
  tenant      int4 not null,
  correlation uuid not null,
  types       int2[] not null,
  actions     int2[] not null, -- 1 create 2 update 3 delete
  versions    int4[] not null,
  ids         uuid[] not null,
  events      bytea,           -- domain events, sealed
  primary key (tenant, at, seq)
);
create index txlog_xid on records.txlog (xid, seq);

-- Audit rows, inserted with what they describe. Never updated, never deleted.
create table records.audit (
  at          int8 not null,
  seq         int8 generated always as identity (cache 1),
  xid         xid8 not null default pg_current_xact_id(),
  tenant      int4 not null,
  kind        int2 not null,
  correlation uuid not null,
  detail      bytea not null,  -- who, what, why: sealed
  primary key (tenant, seq)
);
create index audit_xid on records.audit (xid, seq);

-- Row types of the array parameters; their column order is the contract with the encoder.
create type records.res_in as (
  dlo int8, dhi int8, updated_at int8, pat int8, k1 int8, version int4, type int2,
  deleted bool, recheck bool, id uuid, keys int8[], body bytea);
create type records.aux_in as (h int8, lo int8, hi int8, type int2, id uuid);
create type records.tx_in as (at int8, correlation uuid, types int2[], actions int2[], versions int4[],
  ids uuid[], events bytea);
create type records.audit_in as (at int8, kind int2, correlation uuid, detail bytea);
