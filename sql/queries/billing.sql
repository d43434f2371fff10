-- Tiers: what is sold or given.
-- folder: billing

-- row tier: id tier_id, name text, display_name text, description text, price_cents amount, currency currency,
--   duration_days i32, features array, hourly_requests i32?, rank i32, is_admin_granted bool, is_add_on bool,
--   is_trial bool

-- name: tier_seed :rows
-- args: name text, display_name text, description text, price_cents amount, currency currency, duration_days i32,
--   features array, hourly_requests i32?, rank i32, is_admin_granted bool, is_add_on bool, is_trial bool,
--   provider_price_ids object, now time
-- as: anyone
-- Make a tier. One that is on file stays as it is: prices are the operator's to change.
INSERT INTO subscription_tiers (id, name, display_name, description, price_cents, currency, duration_days, features,
       hourly_requests, rank, is_active, is_admin_granted, is_add_on, is_trial, provider_price_ids, created_at,
       updated_at)
VALUES ({{new id}}, :name, :display_name, :description, :price_cents, :currency, :duration_days, :features,
       :hourly_requests, :rank, TRUE, :is_admin_granted, :is_add_on, :is_trial, :provider_price_ids, :now, :now)
    ON CONFLICT (name) DO NOTHING;

-- name: tier_list :many tier
-- args: none
-- as: anyone
-- scan: ok, a handful of tiers
-- Tiers that can be had, the cheapest first.
SELECT id, name, display_name, description, price_cents, currency, duration_days, features, hourly_requests, rank,
       is_admin_granted, is_add_on, is_trial
  FROM subscription_tiers
 WHERE is_active
 ORDER BY price_cents, rank, name
 LIMIT 100;
