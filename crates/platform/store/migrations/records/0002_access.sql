-- Who may touch the record tables: the application role sees one tenant; keyed search goes through
-- functions of the owner.
--
-- Under row-level security PostgreSQL does not use a GIN index for `keys @> …`, because the operator
-- is not marked leakproof. The functions below run as the owner, to whom the policy `keyed` shows
-- every row, test the tenant themselves and hand out ids and hashes only: bodies are always read
-- by the application role under its own policy.

select meditrack.isolate('records.res');
select meditrack.isolate('records.res_h');
select meditrack.isolate('records.aux');
select meditrack.isolate('records.txlog');
select meditrack.isolate('records.audit');
create policy keyed on records.res for select to meditrack_owner using (true);
create policy keyed on records.txlog for select to meditrack_owner using (true);

grant usage on schema records to meditrack_app;
grant select, insert, update on records.res to meditrack_app;
grant select, insert, update on records.res_h to meditrack_app;
grant select, insert, delete on records.aux to meditrack_app;
grant select, insert, update on records.txlog to meditrack_app;
grant select, insert on records.audit to meditrack_app;

-- Raises insufficient_privilege unless the session's tenant is `p_tenant`.
create function records.require_tenant(p_tenant int4) returns void
language plpgsql stable set search_path = pg_catalog as $$
begin
  if p_tenant is distinct from nullif(current_setting('app.tenant', true), '')::int4 then
    raise insufficient_privilege using message = 'another tenant''s records';
  end if;
end $$;

-- Raises MT413 when p_count exceeds p_limit.
create function records.require_few(p_count int8, p_limit int8) returns void
language plpgsql immutable set search_path = pg_catalog as $$
begin
  if p_count > p_limit then
    raise exception using errcode = 'MT413', message = 'many';
  end if;
end $$;

-- Ids of live resources of a type that have every key of p_all; raises MT413 when there are more than
-- p_limit, so that the caller takes another way.
-- `tenant + 0` keeps the b-trees out of the plan: only the GIN index is left.
create function records.keyed(p_tenant int4, p_type int2, p_all int8[], p_limit int8)
returns table (id uuid, dhi int8)
language plpgsql stable security definer rows 100
set search_path = pg_catalog set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare v_count int8;
begin
  perform records.require_tenant(p_tenant);
  return query
    select r.id, r.dhi from records.res r
    where r.keys @> p_all and r.tenant + 0 = p_tenant and r.type + 0 = p_type and not r.deleted
    limit p_limit + 1;
  get diagnostics v_count = row_count;
  perform records.require_few(v_count, p_limit);
end $$;

-- The same for resources that have every key of p_all and at least one of p_any.
create function records.keyed_any(p_tenant int4, p_type int2, p_all int8[], p_any int8[], p_limit int8)
returns table (id uuid, dhi int8)
language plpgsql stable security definer rows 100
set search_path = pg_catalog set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare v_count int8;
begin
  perform records.require_tenant(p_tenant);
  return query
    select r.id, r.dhi from records.res r
    where r.keys @> p_all and r.keys && p_any
      and r.tenant + 0 = p_tenant and r.type + 0 = p_type and not r.deleted
    limit p_limit + 1;
  get diagnostics v_count = row_count;
  perform records.require_few(v_count, p_limit);
end $$;

-- For each key the ids that have it, at most p_limit of each: conditional references of a batch.
create function records.keyed_each(p_tenant int4, p_keys int8[], p_limit int8)
returns table (key int8, type int2, id uuid)
language plpgsql stable security definer rows 100
set search_path = pg_catalog set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
begin
  perform records.require_tenant(p_tenant);
  return query
    select k.key, f.type, f.id from unnest(p_keys) k(key)
    cross join lateral (
      select r.type, r.id from records.res r
      where r.keys @> array[k.key] and r.tenant + 0 = p_tenant and not r.deleted
      limit p_limit) f;
end $$;

-- How the owner's functions find keys: the start-up check reads it and refuses any other plan.
create function records.keyed_plan() returns setof text
language plpgsql volatile security definer
set search_path = pg_catalog set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query execute
    'explain select r.id from records.res r where r.keys @> array[1::int8] and r.tenant + 0 = 1 and r.type + 0 = 1';
end $$;

-- Transactions of every tenant from p_from on, for cache invalidation and relays: ids only. Rows with
-- xid < horizon are complete; later ones may still be joined by others and are returned as well.
-- The caller goes on from the horizon; there is always one row to carry it.
create function records.tail(p_from text)
returns table (horizon text, settled bool, seq int8, at int8, tenant int4, types int2[], ids uuid[],
               versions int4[])
language plpgsql stable security definer rows 100
set search_path = pg_catalog
as $$
declare v_horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
begin
  return query
    select v_horizon::text, t.xid < v_horizon, t.seq, t.at, t.tenant, t.types, t.ids, t.versions
    from records.txlog t where t.xid >= p_from::xid8
    order by t.seq;
  if not found then
    return query select v_horizon::text, true, null::int8, null::int8, null::int4, null::int2[],
                        null::uuid[], null::int4[];
  end if;
end $$;

revoke all on all functions in schema records from public;
grant execute on function records.require_tenant(int4), records.require_few(int8, int8),
  records.keyed(int4, int2, int8[], int8),
  records.keyed_any(int4, int2, int8[], int8[], int8), records.keyed_each(int4, int8[], int8),
  records.keyed_plan(), records.tail(text) to meditrack_app;
