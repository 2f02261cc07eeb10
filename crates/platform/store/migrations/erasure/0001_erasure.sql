-- Removal of single records for good, with every version: what is left of a patient's record when its
-- retention has ended. The application role cannot delete records; these functions can, those of the
-- session's tenant. Whoever calls them writes the transaction log and the audit row in the same transaction.

create function erasure.erase(p_tenant int4, p_types int2[], p_ids uuid[]) returns int8
language plpgsql volatile security definer
set search_path = pg_catalog
as $$
declare v_current int8; v_old int8;
begin
  perform records.require_tenant(p_tenant);
  delete from records.aux a using unnest(p_types, p_ids) k (type, id)
    where a.tenant = p_tenant and a.type = k.type and a.id = k.id;
  delete from records.res_h r using unnest(p_types, p_ids) k (type, id)
    where r.tenant = p_tenant and r.type = k.type and r.id = k.id;
  get diagnostics v_old = row_count;
  delete from records.res r using unnest(p_types, p_ids) k (type, id)
    where r.tenant = p_tenant and r.type = k.type and r.id = k.id;
  get diagnostics v_current = row_count;
  return v_old + v_current;
end $$;

-- Superseded versions of records that stay.
create function erasure.erase_versions(p_tenant int4, p_types int2[], p_ids uuid[], p_versions int4[]) returns int8
language plpgsql volatile security definer
set search_path = pg_catalog
as $$
declare v_old int8;
begin
  perform records.require_tenant(p_tenant);
  delete from records.res_h r using unnest(p_types, p_ids, p_versions) k (type, id, version)
    where r.tenant = p_tenant and r.type = k.type and r.id = k.id and r.version = k.version;
  get diagnostics v_old = row_count;
  return v_old;
end $$;

revoke all on function erasure.erase(int4, int2[], uuid[]),
  erasure.erase_versions(int4, int2[], uuid[], int4[]) from public;
grant execute on function erasure.erase(int4, int2[], uuid[]),
  erasure.erase_versions(int4, int2[], uuid[], int4[]) to meditrack_app;
grant usage on schema erasure to meditrack_app;
