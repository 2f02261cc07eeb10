-- Narrower indexes and fuller pages, found by asking where the bytes of a resource go.
--
-- Tokens are hashed with the tenant's key, so an index that begins with one needs no tenant before it; where
-- the tenant stands decides about padding only. It stays in the index where the policy must be decided
-- without a look at the row.

drop index records.res_pat;
create index res_pat on records.res (pat, type, tenant, dhi desc) where pat is not null;
drop index records.res_k1;
create index res_k1 on records.res (k1, dhi desc) include (dlo, tenant, recheck) where k1 is not null;

-- Without the id equal entries share their key; the id is read from the row, which has to be visited anyway.
drop index records.aux_h;
create index aux_h on records.aux (h, lo);
drop index records.aux_id;
create index aux_id on records.aux (id);

-- Room for one more version on a page; what is updated often makes room for itself, because its superseded
-- versions leave the page.
alter table records.res set (fillfactor = 92);

-- The way to the rows is chosen without statistics on hashes, and gathering them took longer than anything
-- else that runs in the background.
alter table records.res alter keys set statistics 0;

-- Random bytes: trying to compress them costs and gains nothing.
alter table records.txlog alter ids set storage external;
alter table records.audit alter detail set storage external;
