-- The outbox is a queue: what is written is deleted soon after. Autovacuum looks at it by the number of dead rows alone, the body's
-- overflow table likewise, and does not pause. It comes round once a minute by default (autovacuum_naptime), which is too seldom
-- for a busy outbox; the processes with relays vacuum it themselves meanwhile (Outbox:VacuumAt).
-- The fillfactor stays 100: the only update of a row moves it to another lane, an indexed column, so free space on its page would
-- not spare the index anything.
alter table messaging.outbox set (
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 20000,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 5000,
  toast.autovacuum_vacuum_cost_delay = 0
);

-- The inbox is pruned in small steps out of days of messages: by the default, a fifth of the table, most of a day's ids would lie
-- there dead before anybody came.
alter table messaging.inbox set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000);
