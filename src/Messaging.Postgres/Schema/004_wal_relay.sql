-- What the relay on the write-ahead log names when it reads (Outbox:Relay = wal). It has no tables: the messages are in the log
-- itself, written by pg_logical_emit_message, and every reader of logical decoding messages gets them.
-- The replication slot is made by the service, and only when it uses this relay: a slot that nobody reads keeps the log for ever.
create publication messaging_outbox;
