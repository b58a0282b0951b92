-- Choreography: what was heard of an order that is to be paid. The order and its stock are told on two topics, either first.
create table payments.bills (
  order_id uuid primary key,
  -- Null until the order was heard of.
  amount numeric(12, 2) check (amount >= 0),
  currency text,
  method text,
  -- Inventory's answer; null until it was heard.
  stock text check (stock in ('Reserved', 'Rejected')),
  check ((amount is null) = (currency is null) and (amount is null) = (method is null))
);

-- Where nobody will ask for the money once it is set aside: the payment goes on to be captured by itself.
alter table payments.payments add column captures_itself boolean not null default false;
