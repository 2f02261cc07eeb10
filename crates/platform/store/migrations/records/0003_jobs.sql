-- Removal of a tenant whose keys are destroyed. The application role cannot delete records; this function
-- can, and only for such a tenant. Audit rows stay: their content is shredded, their order is evidence.
create policy keyed on records.res_h for select to meditrack_owner using (true);

create function records.purge(p_tenant int4, p_limit int4) returns int8
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
  delete from tenancy.dictionaries where tenant = p_tenant;
  delete from tenancy.jobs where tenant = p_tenant;
  update tenancy.keys set state = 3, wrapped = '' where tenant = p_tenant and state <> 3;
  return v_removed;
end $$;

revoke all on function records.purge(int4, int4) from public;
grant execute on function records.purge(int4, int4) to meditrack_app;
