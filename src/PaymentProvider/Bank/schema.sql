create schema if not exists provider;

-- Everything that ever happened to money. Only ever appended to.
create table if not exists provider.ledger (
  sequence bigint generated always as identity primary key,
  reference text not null,
  kind text not null check (kind in ('authorized', 'declined', 'captured', 'voided')),
  amount numeric(12, 2) not null,
  currency text not null,
  at timestamptz not null default now(),
  idempotency_key text not null
);

-- Where the latest authorisation of a reference stands.
create table if not exists provider.authorizations (
  reference text primary key,
  state text not null check (state in ('authorized', 'declined', 'captured', 'voided')),
  amount numeric(12, 2) not null,
  currency text not null
);

-- What was answered under each idempotency key, to be answered again.
create table if not exists provider.answers (
  idempotency_key text primary key,
  request text not null,
  status int not null,
  body text not null
);
