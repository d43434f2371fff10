-- migration: tiers, subscriptions, payments, grants, promotions, provider events

-- up

-- What is sold or given. rank orders tiers when someone has several: the highest wins. hourly_requests is NULL for
-- add-ons, which leave the limit of the base tier as it is.
-- residency: global
CREATE TABLE subscription_tiers (
    id                  {{id}} NOT NULL,
    name                {{text}} NOT NULL,
    display_name        {{text}} NOT NULL,
    description         {{text}} NOT NULL,
    price_cents         {{amount}} NOT NULL,
    currency            {{currency}} NOT NULL,
    duration_days       {{i32}} NOT NULL,
    features            {{array}} NOT NULL,
    hourly_requests     {{i32}},
    rank                {{i32}} NOT NULL,
    is_active           {{bool}} NOT NULL DEFAULT TRUE,
    is_admin_granted    {{bool}} NOT NULL DEFAULT FALSE,
    is_add_on           {{bool}} NOT NULL DEFAULT FALSE,
    is_trial            {{bool}} NOT NULL DEFAULT FALSE,
    provider_price_ids  {{object}} NOT NULL, -- provider → its name for this price
    created_at          {{time}} NOT NULL,
    updated_at          {{time}} NOT NULL,
    CONSTRAINT subscription_tiers_pk PRIMARY KEY (id),
    CONSTRAINT subscription_tiers_name_key UNIQUE (name),
    CONSTRAINT subscription_tiers_duration_positive CHECK (duration_days > 0),
    CONSTRAINT subscription_tiers_hourly_positive CHECK (hourly_requests > 0),
    CONSTRAINT subscription_tiers_granted_is_free CHECK (NOT is_admin_granted OR price_cents = 0)
);

-- only: postgresql
CREATE INDEX idx_subscription_features ON subscription_tiers USING GIN (features);

-- residency: global
CREATE TABLE promotions (
    id                     {{id}} NOT NULL,
    code                   {{text}} NOT NULL,
    description            {{text}} NOT NULL,
    kind                   {{text}} NOT NULL,
    percent_off            {{rate}},
    amount_off_cents       {{amount}},
    currency               {{currency}},
    tier_names             {{array}}, -- NULL: every tier
    is_first_payment_only  {{bool}} NOT NULL DEFAULT TRUE,
    starts_at              {{time}} NOT NULL,
    ends_at                {{time}},
    max_uses               {{i32}},
    max_uses_per_user      {{i32}} NOT NULL DEFAULT 1,
    use_count              {{i32}} NOT NULL DEFAULT 0,
    is_active              {{bool}} NOT NULL DEFAULT TRUE,
    created_by             {{uuid}},
    created_at             {{time}} NOT NULL,
    updated_at             {{time}} NOT NULL,
    CONSTRAINT promotions_pk PRIMARY KEY (id),
    CONSTRAINT promotions_code_key UNIQUE (code),
    CONSTRAINT promotions_code_form CHECK (code = upper(code) AND length(code) BETWEEN 3 AND 40),
    CONSTRAINT promotions_kind_known CHECK (kind IN ('percentage', 'amount')),
    CONSTRAINT promotions_value CHECK (
        (kind = 'percentage' AND percent_off IS NOT NULL AND amount_off_cents IS NULL)
        OR (kind = 'amount' AND amount_off_cents IS NOT NULL AND currency IS NOT NULL AND percent_off IS NULL)),
    CONSTRAINT promotions_times CHECK (ends_at > starts_at),
    CONSTRAINT promotions_cap CHECK (use_count >= 0 AND use_count <= max_uses),
    CONSTRAINT promotions_cap_per_user CHECK (max_uses_per_user > 0),
    CONSTRAINT promotions_created_by_fk FOREIGN KEY (created_by) REFERENCES admin_users (id)
);

CREATE INDEX idx_promotions_created_by ON promotions (created_by) WHERE created_by IS NOT NULL;

-- A subscription that was cancelled but runs on to the end of what is paid stays 'active' with auto_renew false.
-- provider_event_at is the time of the newest provider event applied to the row: older ones come too late.
-- residency: user
CREATE TABLE subscriptions (
    user_id                   {{uuid}} NOT NULL,
    id                        {{id}} NOT NULL,
    tier_id                   {{uuid}} NOT NULL,
    status                    {{text}} NOT NULL,
    starts_at                 {{time}} NOT NULL,
    expires_at                {{time}} NOT NULL,
    auto_renew                {{bool}} NOT NULL DEFAULT FALSE,
    amount_paid_cents         {{amount}} NOT NULL,
    currency                  {{currency}} NOT NULL,
    is_add_on                 {{bool}} NOT NULL DEFAULT FALSE, -- the tier's, for the rule of one base subscription
    promotion_id              {{uuid}},
    previous_id               {{uuid}}, -- the subscription that this one replaced
    cancelled_at              {{time}},
    cancel_reason             {{text}},
    past_due_since            {{time}},
    ended_at                  {{time}},
    provider                  {{text}},
    provider_subscription_id  {{text}},
    provider_customer_id      {{text}},
    provider_event_at         {{time}},
    created_at                {{time}} NOT NULL,
    updated_at                {{time}} NOT NULL,
    CONSTRAINT subscriptions_pk PRIMARY KEY (user_id, id),
    CONSTRAINT subscriptions_status_known CHECK (status IN ('pending', 'trial', 'active', 'past_due', 'cancelled',
        'expired')),
    CONSTRAINT subscriptions_times CHECK (expires_at > starts_at),
    CONSTRAINT subscriptions_past_due_since CHECK (status <> 'past_due' OR past_due_since IS NOT NULL),
    CONSTRAINT subscriptions_provider_known CHECK (provider IN ('stripe', 'simulator')),
    CONSTRAINT subscriptions_provider_key UNIQUE (user_id, provider, provider_subscription_id),
    CONSTRAINT subscriptions_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT subscriptions_tier_fk FOREIGN KEY (tier_id) REFERENCES subscription_tiers (id),
    CONSTRAINT subscriptions_promotion_fk FOREIGN KEY (promotion_id) REFERENCES promotions (id),
    CONSTRAINT subscriptions_previous_fk FOREIGN KEY (user_id, previous_id) REFERENCES subscriptions (user_id, id)
);

CREATE UNIQUE INDEX subscriptions_one_live_base ON subscriptions (user_id)
    WHERE status IN ('trial', 'active', 'past_due') AND NOT is_add_on;
CREATE INDEX idx_subscriptions_user_status_expires ON subscriptions (user_id, status, expires_at)
    WHERE status IN ('active', 'trial');
CREATE INDEX idx_subscriptions_user_status_active ON subscriptions (user_id, status)
    WHERE status IN ('active', 'trial');
CREATE INDEX idx_subscriptions_tier ON subscriptions (tier_id);
CREATE INDEX idx_subscriptions_promotion ON subscriptions (promotion_id) WHERE promotion_id IS NOT NULL;
CREATE INDEX idx_subscriptions_previous ON subscriptions (user_id, previous_id) WHERE previous_id IS NOT NULL;
CREATE INDEX idx_subscriptions_expires_at ON subscriptions (expires_at)
    WHERE status IN ('trial', 'active', 'past_due');
CREATE INDEX idx_subscriptions_provider_subscription ON subscriptions (provider_subscription_id)
    WHERE provider_subscription_id IS NOT NULL;

-- Money that a provider says was asked for, paid, or given back. Survives erasure.
-- residency: user
CREATE TABLE payments (
    user_id               {{uuid}} NOT NULL,
    id                    {{id}} NOT NULL,
    subscription_id       {{uuid}},
    kind                  {{text}} NOT NULL,
    amount_cents          {{amount}} NOT NULL,
    discount_cents        {{amount}} NOT NULL DEFAULT 0,
    refunded_cents        {{amount}} NOT NULL DEFAULT 0,
    currency              {{currency}} NOT NULL,
    status                {{text}} NOT NULL,
    payment_method        {{text}},
    metadata              {{object}} NOT NULL,
    promotion_id          {{uuid}},
    provider              {{text}} NOT NULL,
    provider_payment_id   {{text}},
    provider_customer_id  {{text}},
    card_fingerprint      {{text}}, -- keyed hash, to tell the same card again
    provider_event_at     {{time}},
    failure_code          {{text}},
    failure_message       {{text}},
    paid_at               {{time}},
    refunded_at           {{time}},
    disputed_at           {{time}},
    created_at            {{time}} NOT NULL,
    updated_at            {{time}} NOT NULL,
    CONSTRAINT payments_pk PRIMARY KEY (user_id, id),
    CONSTRAINT payments_kind_known CHECK (kind IN ('first', 'renewal', 'upgrade', 'add_on')),
    CONSTRAINT payments_status_known CHECK (status IN ('pending', 'succeeded', 'failed', 'partly_refunded',
        'refunded', 'disputed', 'charged_back')),
    CONSTRAINT payments_refund_within_amount CHECK (refunded_cents <= amount_cents),
    CONSTRAINT payments_paid_at CHECK (status IN ('pending', 'failed') OR paid_at IS NOT NULL),
    CONSTRAINT payments_provider_known CHECK (provider IN ('stripe', 'simulator')),
    CONSTRAINT payments_provider_key UNIQUE (user_id, provider, provider_payment_id),
    CONSTRAINT payments_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT payments_subscription_fk FOREIGN KEY (user_id, subscription_id)
        REFERENCES subscriptions (user_id, id),
    CONSTRAINT payments_promotion_fk FOREIGN KEY (promotion_id) REFERENCES promotions (id)
);

CREATE INDEX idx_payments_user_created ON payments (user_id, created_at DESC);
CREATE INDEX idx_payments_subscription ON payments (user_id, subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX idx_payments_promotion ON payments (promotion_id) WHERE promotion_id IS NOT NULL;
CREATE INDEX idx_payments_provider_payment ON payments (provider_payment_id) WHERE provider_payment_id IS NOT NULL;
CREATE INDEX idx_payments_card_fingerprint ON payments (card_fingerprint) WHERE card_fingerprint IS NOT NULL;
CREATE INDEX idx_payments_created_at ON payments (created_at DESC);

-- Access given by an administrator. batch_id joins the rows of one CSV file.
-- residency: user
CREATE TABLE free_access_grants (
    user_id      {{uuid}} NOT NULL,
    id           {{id}} NOT NULL,
    granted_by   {{uuid}}, -- NULL: the operator, from the command line
    tier_id      {{uuid}} NOT NULL,
    access_type  {{text}} NOT NULL,
    start_date   {{time}} NOT NULL,
    end_date     {{time}} NOT NULL,
    notes        {{text}},
    is_active    {{bool}} NOT NULL DEFAULT TRUE,
    batch_id     {{uuid}},
    revoked_at   {{time}},
    revoked_by   {{uuid}},
    created_at   {{time}} NOT NULL,
    updated_at   {{time}} NOT NULL,
    CONSTRAINT free_access_grants_pk PRIMARY KEY (user_id, id),
    CONSTRAINT free_access_grants_access_type_known CHECK (access_type IN ('friends_family', 'beta_tester',
        'promotional', 'compensation')),
    CONSTRAINT free_access_grants_times CHECK (end_date > start_date),
    CONSTRAINT free_access_grants_revoked_is_inactive CHECK (NOT is_active OR revoked_at IS NULL),
    CONSTRAINT free_access_grants_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT free_access_grants_tier_fk FOREIGN KEY (tier_id) REFERENCES subscription_tiers (id),
    CONSTRAINT free_access_grants_granted_by_fk FOREIGN KEY (granted_by) REFERENCES admin_users (id),
    CONSTRAINT free_access_grants_revoked_by_fk FOREIGN KEY (revoked_by) REFERENCES admin_users (id)
);

CREATE INDEX idx_free_access_grants_tier ON free_access_grants (tier_id);
CREATE INDEX idx_free_access_grants_granted_by ON free_access_grants (granted_by) WHERE granted_by IS NOT NULL;
CREATE INDEX idx_free_access_grants_revoked_by ON free_access_grants (revoked_by) WHERE revoked_by IS NOT NULL;
CREATE INDEX idx_free_access_grants_end_date ON free_access_grants (end_date) WHERE is_active;

-- An offer sent to an address that may have no account yet: to become an administrator, or to receive a grant.
-- residency: global
CREATE TABLE invitations (
    id            {{id}} NOT NULL,
    email         {{text}}, -- NULL: the link itself is the proof (the first administrator)
    kind          {{text}} NOT NULL,
    admin_role    {{text}},
    tier_id       {{uuid}},
    access_type   {{text}},
    grant_days    {{i32}},
    notes         {{text}},
    batch_id      {{uuid}},
    token_hash    {{hash}} NOT NULL,
    invited_by    {{uuid}},
    created_at    {{time}} NOT NULL,
    expires_at    {{time}} NOT NULL,
    accepted_at   {{time}},
    accepted_by   {{uuid}},
    revoked_at    {{time}},
    CONSTRAINT invitations_pk PRIMARY KEY (id),
    CONSTRAINT invitations_token_key UNIQUE (token_hash),
    CONSTRAINT invitations_kind_known CHECK (kind IN ('first_admin', 'admin', 'grant')),
    CONSTRAINT invitations_admin_role_known CHECK (admin_role IN ('super_admin', 'admin', 'support')),
    CONSTRAINT invitations_access_type_known CHECK (access_type IN ('friends_family', 'beta_tester', 'promotional',
        'compensation')),
    CONSTRAINT invitations_grant_days_positive CHECK (grant_days > 0),
    CONSTRAINT invitations_offer CHECK (
        (kind IN ('first_admin', 'admin') AND admin_role IS NOT NULL AND tier_id IS NULL)
        OR (kind = 'grant' AND tier_id IS NOT NULL AND grant_days IS NOT NULL AND access_type IS NOT NULL
            AND admin_role IS NULL)),
    CONSTRAINT invitations_times CHECK (expires_at > created_at),
    CONSTRAINT invitations_accepted CHECK ((accepted_at IS NULL) = (accepted_by IS NULL)),
    CONSTRAINT invitations_tier_fk FOREIGN KEY (tier_id) REFERENCES subscription_tiers (id),
    CONSTRAINT invitations_invited_by_fk FOREIGN KEY (invited_by) REFERENCES admin_users (id),
    CONSTRAINT invitations_accepted_by_fk FOREIGN KEY (accepted_by) REFERENCES users (id)
);

CREATE INDEX idx_invitations_tier ON invitations (tier_id) WHERE tier_id IS NOT NULL;
CREATE INDEX idx_invitations_invited_by ON invitations (invited_by) WHERE invited_by IS NOT NULL;
CREATE INDEX idx_invitations_accepted_by ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;
CREATE INDEX idx_invitations_email ON invitations (email) WHERE accepted_at IS NULL;

-- use_number counts one user's uses of one promotion from 1: the key makes two at once impossible.
-- residency: user
CREATE TABLE promotion_uses (
    user_id          {{uuid}} NOT NULL,
    id               {{id}} NOT NULL,
    promotion_id     {{uuid}} NOT NULL,
    use_number       {{i32}} NOT NULL,
    subscription_id  {{uuid}},
    payment_id       {{uuid}},
    discount_cents   {{amount}} NOT NULL,
    currency         {{currency}} NOT NULL,
    created_at       {{time}} NOT NULL,
    released_at      {{time}}, -- the checkout it was used in came to nothing
    CONSTRAINT promotion_uses_pk PRIMARY KEY (user_id, id),
    CONSTRAINT promotion_uses_once UNIQUE (user_id, promotion_id, use_number),
    CONSTRAINT promotion_uses_number_positive CHECK (use_number >= 1),
    CONSTRAINT promotion_uses_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT promotion_uses_promotion_fk FOREIGN KEY (promotion_id) REFERENCES promotions (id),
    CONSTRAINT promotion_uses_subscription_fk FOREIGN KEY (user_id, subscription_id)
        REFERENCES subscriptions (user_id, id),
    CONSTRAINT promotion_uses_payment_fk FOREIGN KEY (user_id, payment_id) REFERENCES payments (user_id, id)
);

CREATE INDEX idx_promotion_uses_promotion ON promotion_uses (promotion_id);
CREATE INDEX idx_promotion_uses_subscription ON promotion_uses (user_id, subscription_id)
    WHERE subscription_id IS NOT NULL;
CREATE INDEX idx_promotion_uses_payment ON promotion_uses (user_id, payment_id) WHERE payment_id IS NOT NULL;

-- What providers told us. An event is booked here in the transaction that carries out its effect, so it counts once.
-- residency: global
CREATE TABLE webhook_events (
    id                {{id}} NOT NULL,
    provider          {{text}} NOT NULL,
    event_id          {{text}} NOT NULL,
    event_type        {{text}} NOT NULL,
    object_id         {{text}},
    user_id           {{uuid}},
    payload           {{object}} NOT NULL,
    status            {{text}} NOT NULL,
    attempts          {{i32}} NOT NULL DEFAULT 0,
    last_error        {{text}},
    event_created_at  {{time}} NOT NULL,
    received_at       {{time}} NOT NULL,
    processed_at      {{time}},
    next_attempt_at   {{time}},
    CONSTRAINT webhook_events_pk PRIMARY KEY (id),
    CONSTRAINT webhook_events_event_key UNIQUE (provider, event_id),
    CONSTRAINT webhook_events_provider_known CHECK (provider IN ('stripe', 'simulator')),
    CONSTRAINT webhook_events_status_known CHECK (status IN ('received', 'processed', 'ignored', 'stale', 'dead')),
    CONSTRAINT webhook_events_attempts_positive CHECK (attempts >= 0),
    CONSTRAINT webhook_events_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX idx_webhook_events_user ON webhook_events (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_webhook_events_object ON webhook_events (object_id, event_created_at) WHERE object_id IS NOT NULL;
CREATE INDEX idx_webhook_events_due ON webhook_events (next_attempt_at) WHERE status = 'received';
CREATE INDEX idx_webhook_events_received_at ON webhook_events (received_at DESC);

-- down

DROP TABLE webhook_events;
DROP TABLE promotion_uses;
DROP TABLE invitations;
DROP TABLE free_access_grants;
DROP TABLE payments;
DROP TABLE subscriptions;
DROP TABLE promotions;
DROP TABLE subscription_tiers;
