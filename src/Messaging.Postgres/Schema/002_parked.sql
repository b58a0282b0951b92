-- Parked messages are tried again by themselves. A queue is what keeps its order: the messages of one key, or one message alone
-- that has no key. Only the first message of a queue is ever tried, or dead; the others wait behind it, in the order of parked_id.
alter table messaging.parked
  add column queue       text,                         -- 'key:' and the key, or 'id:' and the message's id
  add column retries     int not null default 0,       -- attempts since it was parked or last redriven
  add column cause_group text not null default '',     -- the cause without what differs from message to message
  add column history     jsonb not null default '[]';  -- what happened to it, oldest first: {"at": ..., "what": "failed", "cause": ...}

update messaging.parked
set queue = case when key is null then 'id:' || message_id else 'key:' || key end,
    cause_group = cause;

alter table messaging.parked alter column queue set not null;
alter table messaging.parked alter column cause_group drop default;

drop index messaging.parked_key;
create index parked_queue on messaging.parked (consumer, queue, parked_id);

-- One row per queue that has messages. Its row is the queue's lock:
-- who works on the queue (a retry, a redrive, a discard) holds it "for no key update";
-- a receiver that adds to its end holds it "for key share", so that nobody removes the queue meanwhile, yet neither waits for the other.
create table messaging.parked_queues (
  consumer text not null,
  queue    text not null,
  due      timestamptz, -- when the first message is tried next; null: it is dead, and holds the queue
  primary key (consumer, queue)
);

create index parked_queues_due on messaging.parked_queues (due) where due is not null;

-- What waited behind another had no attempt yet; until now nothing tried it again.
insert into messaging.parked_queues (consumer, queue, due)
select distinct on (consumer, queue) consumer, queue, case when state = 'parked' then clock_timestamp() end
from messaging.parked
order by consumer, queue, parked_id;
