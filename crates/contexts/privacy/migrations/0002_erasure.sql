-- Orders to erase a patient's record are papers, too.
alter table privacy.paper drop constraint paper_kind_check;
alter table privacy.paper add constraint paper_kind_check check (kind between 1 and 4);

-- What was kept about a patient goes with the patient's record; what says that it is gone stays.
create function privacy.forget(p_tenant int4, p_subject int8) returns int8
language plpgsql volatile security definer
set search_path = pg_catalog
as $$
declare v_papers int8; v_seen int8;
begin
  if p_tenant is distinct from nullif(current_setting('app.tenant', true), '')::int4 then
    raise insufficient_privilege using message = 'another tenant''s papers';
  end if;
  delete from privacy.paper where tenant = p_tenant and subject = p_subject and kind = 2;
  get diagnostics v_papers = row_count;
  delete from privacy.seen where tenant = p_tenant and subject = p_subject;
  get diagnostics v_seen = row_count;
  return v_papers + v_seen;
end $$;

revoke all on function privacy.forget(int4, int8) from public;
grant execute on function privacy.forget(int4, int8) to meditrack_app;
