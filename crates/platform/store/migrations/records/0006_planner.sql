-- A GIN index is read by a bitmap only. Connections that prefer the order of an index forbid bitmaps, and
-- without one these functions would read a whole table: they bring their own settings.

alter function records.keyed(int4, int2, int8[], int8) set enable_bitmapscan = on;
alter function records.keyed_any(int4, int2, int8[], int8[], int8) set enable_bitmapscan = on;
alter function records.keyed_each(int4, int8[], int8) set enable_bitmapscan = on;
alter function records.keyed_plan() set enable_bitmapscan = on;
