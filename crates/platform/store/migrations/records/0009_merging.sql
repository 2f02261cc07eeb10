-- Merges the search keys that wait in the pending list into their index. Takes no transaction id, so that nothing waits
-- for it.
create function records.merge_keys() returns int8
language sql volatile security definer set search_path = pg_catalog
begin atomic
  select gin_clean_pending_list('records.res_keys'::regclass);
end;
revoke all on function records.merge_keys() from public;
grant execute on function records.merge_keys() to meditrack_app;
