-- How far some subscriptions are, for the process whose clients wait for them. Says nothing of what was told.
create function subscriptions.progress(p_tenants int4[], p_ids uuid[])
returns table (tenant int4, id uuid, state int2, events int8)
language sql stable security definer set search_path = pg_catalog
begin atomic
  select a.tenant, a.id, a.state, a.events
  from unnest(p_tenants, p_ids) as wanted (tenant, id)
  join subscriptions.active a on a.tenant = wanted.tenant and a.id = wanted.id;
end;

revoke all on function subscriptions.progress(int4[], uuid[]) from public;
grant execute on function subscriptions.progress(int4[], uuid[]) to meditrack_app;
