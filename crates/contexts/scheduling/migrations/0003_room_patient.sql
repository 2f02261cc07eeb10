-- Whose visit a room is for. An appointment that is over, or was called off, claims nobody's time any more, and still its
-- room goes with the patient's record.
alter table scheduling.room add column patient uuid;
create index room_patient on scheduling.room (tenant, patient);

-- Notes whose visit it is. keys: the appointment, then the patient. numbers: none.
create function scheduling.note_visit(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    update scheduling.room r set patient = keys[2] where r.tenant = of_tenant and r.appointment = keys[1];
end
$$;

revoke all on function scheduling.note_visit(int4, uuid[], int8[]) from public;
grant execute on function scheduling.note_visit(int4, uuid[], int8[]) to meditrack_app;
