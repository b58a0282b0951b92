-- A capture or a void that the provider refuses for good is no longer tried; it waits here, with the reason, for somebody to look.
alter table payments.payments drop constraint payments_state_check;
alter table payments.payments add constraint payments_state_check check (state in (
  'Authorizing', 'Authorized', 'Declined', 'Capturing', 'CaptureRefused', 'Captured', 'Voiding', 'VoidRefused', 'Voided'));

-- How many of the calls in vain the provider refused, rather than failed to answer.
alter table payments.payments add column refusals int not null default 0;

-- What health counts; hardly ever more than empty.
create index payments_refused on payments.payments (order_id) where state in ('CaptureRefused', 'VoidRefused');
