create schema if not exists payments;

-- One row per order. A state that ends in -ing is a wish that the provider has not confirmed yet: a worker calls the provider
-- for it, outside of any transaction.
create table payments.payments (
  order_id uuid primary key,
  state text not null check (state in ('Authorizing', 'Authorized', 'Declined', 'Capturing', 'Captured', 'Voiding', 'Voided')),
  amount numeric(12, 2) not null check (amount >= 0),
  currency text not null,
  method text not null,
  -- Why the provider refused.
  reason text,
  -- Calls in vain since the state was entered.
  attempts int not null default 0,
  -- When the worker may take it up; a worker that takes it moves this one lease ahead. Null: there is nothing to do.
  due_at timestamptz,
  -- W3C traceparent of whoever asked last, so that the order stays one trace.
  trace_parent text,
  -- Message id of the command that asked last: the answer names it as its cause.
  causation_id text,
  check ((state in ('Authorizing', 'Capturing', 'Voiding')) = (due_at is not null))
);

create index payments_due on payments.payments (due_at) where due_at is not null;
