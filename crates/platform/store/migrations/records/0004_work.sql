-- Work that one process does for a tenant while others look on: bulk export and import, reindex.
-- A worker holds a job by a lease that it renews; when the lease runs out another one takes over.
create table records.work (
  tenant     int4 not null,
  id         uuid not null,
  kind       int2 not null check (kind between 1 and 3),   -- 1 export 2 import 3 reindex
  state      int2 not null check (state between 1 and 5),  -- 1 receiving 2 waiting 3 running 4 done 5 failed
  created_at int8 not null,
  expires_at int8 not null,            -- when the job and what it made are removed
  lease      int8 not null default 0,  -- until when the worker is believed to live
  worker     uuid,
  attempts   int4 not null default 0,
  done       int8 not null default 0,
  total      int8 not null default 0,
  request    bytea not null,           -- who asked for what: sealed
  result     bytea,                    -- what came of it: sealed
  primary key (tenant, id)
);

-- What a job reads or makes, in parts: compressed, then sealed; bound to tenant, job, file and part.
create table records.work_part (
  tenant int4 not null,
  job    uuid not null,
  file   int4 not null,
  part   int4 not null,
  sealed bytea not null,
  primary key (tenant, job, file, part)
);
alter table records.work_part alter sealed set storage external;

select meditrack.isolate('records.work');
select meditrack.isolate('records.work_part');
create policy due on records.work for select to meditrack_owner using (true);
grant select, insert, update, delete on records.work, records.work_part to meditrack_app;

-- Jobs of all tenants that wait for a worker, have lost theirs, or have expired: ids only.
create function records.work_due(p_now int8) returns table (tenant int4, id uuid, expired bool)
language sql stable security definer set search_path = pg_catalog as $$
  select w.tenant, w.id, w.expires_at <= p_now from records.work w
  where w.expires_at <= p_now or w.state = 2 or (w.state = 3 and w.lease < p_now)
  order by w.created_at limit 100
$$;

-- As before, and the jobs.
create or replace function records.purge(p_tenant int4, p_limit int4) returns int8
language plpgsql volatile security definer
set search_path = pg_catalog
as $$
declare v_removed int8 := 0; v_count int8;
begin
  perform records.require_tenant(p_tenant);
  if not exists (select from tenancy.tenants t where t.id = p_tenant and t.state = 3) then
    raise insufficient_privilege using message = 'the tenant is not being deleted';
  end if;
  delete from records.res where ctid = any(array(
    select ctid from records.res where tenant = p_tenant limit p_limit));
  get diagnostics v_count = row_count; v_removed := v_removed + v_count;
  delete from records.res_h where ctid = any(array(
    select ctid from records.res_h where tenant = p_tenant limit p_limit));
  get diagnostics v_count = row_count; v_removed := v_removed + v_count;
  delete from records.aux where ctid = any(array(
    select ctid from records.aux where tenant = p_tenant limit p_limit));
  get diagnostics v_count = row_count; v_removed := v_removed + v_count;
  delete from records.txlog where ctid = any(array(
    select ctid from records.txlog where tenant = p_tenant limit p_limit));
  get diagnostics v_count = row_count; v_removed := v_removed + v_count;
  delete from records.work_part where ctid = any(array(
    select ctid from records.work_part where tenant = p_tenant limit p_limit));
  get diagnostics v_count = row_count; v_removed := v_removed + v_count;
  delete from records.work where tenant = p_tenant;
  delete from tenancy.dictionaries where tenant = p_tenant;
  delete from tenancy.jobs where tenant = p_tenant;
  delete from tenancy.params where tenant = p_tenant;
  update tenancy.keys set state = 3, wrapped = '' where tenant = p_tenant and state <> 3;
  return v_removed;
end $$;

revoke all on function records.work_due(int8), records.purge(int4, int4) from public;
grant execute on function records.work_due(int8), records.purge(int4, int4) to meditrack_app;
