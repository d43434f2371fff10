-- migration: affiliates, whom they brought, what they earned and were paid

-- up

-- commission_rate is for the first payment of someone referred, recurring_rate for later ones within
-- recurring_months. payout_details is sealed; see docs/schema.md.
-- residency: user
CREATE TABLE affiliates (
    user_id            {{uuid}} NOT NULL,
    id                 {{id}} NOT NULL,
    referral_code      {{text}} NOT NULL,
    commission_rate    {{rate}} NOT NULL,
    recurring_rate     {{rate}} NOT NULL,
    recurring_months   {{i32}} NOT NULL,
    tier               {{text}} NOT NULL DEFAULT 'bronze',
    payout_method      {{text}},
    payout_details     {{text}},
    is_active          {{bool}} NOT NULL DEFAULT TRUE,
    referral_count     {{i32}} NOT NULL DEFAULT 0,
    conversion_count   {{i32}} NOT NULL DEFAULT 0,
    click_count        {{i64}} NOT NULL DEFAULT 0,
    terms_accepted_at  {{time}} NOT NULL,
    deactivated_at     {{time}},
    created_at         {{time}} NOT NULL,
    updated_at         {{time}} NOT NULL,
    CONSTRAINT affiliates_pk PRIMARY KEY (user_id, id),
    CONSTRAINT affiliates_code_form CHECK (length(referral_code) BETWEEN 4 AND 20),
    CONSTRAINT affiliates_tier_known CHECK (tier IN ('bronze', 'silver', 'gold')),
    CONSTRAINT affiliates_payout_method_known CHECK (payout_method IN ('paypal', 'bank_transfer', 'stripe', 'wise')),
    CONSTRAINT affiliates_counts CHECK (recurring_months >= 0 AND referral_count >= 0 AND conversion_count >= 0
        AND click_count >= 0),
    CONSTRAINT affiliates_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE UNIQUE INDEX affiliates_one_active ON affiliates (user_id) WHERE is_active;
-- Stands on a single cluster only; where users are sharded the table directory keeps codes unique.
CREATE UNIQUE INDEX affiliates_referral_code_key ON affiliates (referral_code);

-- user_id is whoever was referred; once ever. The rates and recurring_until are the affiliate's at conversion.
-- click_data is what the link's cookie brought: landing page, campaign, referrer.
-- residency: user
CREATE TABLE referrals (
    user_id            {{uuid}} NOT NULL,
    id                 {{id}} NOT NULL,
    affiliate_user_id  {{uuid}} NOT NULL,
    affiliate_id       {{uuid}} NOT NULL,
    referral_code      {{text}} NOT NULL,
    source             {{text}} NOT NULL,
    status             {{text}} NOT NULL,
    conversion_date    {{time}},
    click_data         {{object}},
    clicked_at         {{time}},
    commission_rate    {{rate}},
    recurring_rate     {{rate}},
    recurring_until    {{time}},
    affiliate_tier     {{text}},
    fraud_score        {{share}},
    fraud_reasons      {{array}},
    reviewed_at        {{time}},
    created_at         {{time}} NOT NULL,
    updated_at         {{time}} NOT NULL,
    CONSTRAINT referrals_pk PRIMARY KEY (user_id, id),
    CONSTRAINT referrals_once UNIQUE (user_id),
    CONSTRAINT referrals_source_known CHECK (source IN ('link', 'code')),
    CONSTRAINT referrals_status_known CHECK (status IN ('pending', 'converted', 'held', 'rejected')),
    CONSTRAINT referrals_affiliate_tier_known CHECK (affiliate_tier IN ('bronze', 'silver', 'gold')),
    CONSTRAINT referrals_not_self CHECK (affiliate_user_id <> user_id),
    CONSTRAINT referrals_converted_is_dated CHECK (status <> 'converted' OR (conversion_date IS NOT NULL
        AND commission_rate IS NOT NULL AND recurring_rate IS NOT NULL)),
    CONSTRAINT referrals_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT referrals_affiliate_fk FOREIGN KEY (affiliate_user_id, affiliate_id)
        REFERENCES affiliates (user_id, id)
);

CREATE INDEX idx_referrals_affiliate ON referrals (affiliate_user_id, affiliate_id, created_at DESC);
CREATE INDEX idx_referrals_conversion_status ON referrals (conversion_date, status) WHERE status = 'converted';

-- A file of payouts made together. Two administrators: one makes it, another approves it.
-- residency: global
CREATE TABLE payout_batches (
    id            {{id}} NOT NULL,
    status        {{text}} NOT NULL,
    currency      {{currency}} NOT NULL,
    total_cents   {{amount}} NOT NULL,
    payout_count  {{i32}} NOT NULL,
    file_hash     {{hash}},
    created_by    {{uuid}} NOT NULL,
    approved_by   {{uuid}},
    created_at    {{time}} NOT NULL,
    approved_at   {{time}},
    exported_at   {{time}},
    finished_at   {{time}},
    CONSTRAINT payout_batches_pk PRIMARY KEY (id),
    CONSTRAINT payout_batches_status_known CHECK (status IN ('draft', 'approved', 'exported', 'finished',
        'cancelled')),
    CONSTRAINT payout_batches_two_people CHECK (approved_by <> created_by),
    CONSTRAINT payout_batches_approval CHECK (status IN ('draft', 'cancelled') OR (approved_by IS NOT NULL
        AND approved_at IS NOT NULL)),
    CONSTRAINT payout_batches_count_positive CHECK (payout_count >= 0),
    CONSTRAINT payout_batches_created_by_fk FOREIGN KEY (created_by) REFERENCES admin_users (id),
    CONSTRAINT payout_batches_approved_by_fk FOREIGN KEY (approved_by) REFERENCES admin_users (id)
);

CREATE INDEX idx_payout_batches_created_by ON payout_batches (created_by);
CREATE INDEX idx_payout_batches_approved_by ON payout_batches (approved_by) WHERE approved_by IS NOT NULL;

-- residency: user
CREATE TABLE affiliate_payouts (
    user_id         {{uuid}} NOT NULL,
    id              {{id}} NOT NULL,
    affiliate_id    {{uuid}} NOT NULL,
    batch_id        {{uuid}},
    amount_cents    {{cents}} NOT NULL,
    currency        {{currency}} NOT NULL,
    payout_method   {{text}} NOT NULL,
    payout_details  {{text}}, -- sealed copy of where it was sent
    transaction_id  {{text}},
    status          {{text}} NOT NULL,
    failure_reason  {{text}},
    processed_at    {{time}},
    created_at      {{time}} NOT NULL,
    updated_at      {{time}} NOT NULL,
    CONSTRAINT affiliate_payouts_pk PRIMARY KEY (user_id, id),
    CONSTRAINT affiliate_payouts_amount_positive CHECK (amount_cents > 0),
    CONSTRAINT affiliate_payouts_method_known CHECK (payout_method IN ('paypal', 'bank_transfer', 'stripe', 'wise')),
    CONSTRAINT affiliate_payouts_status_known CHECK (status IN ('pending', 'approved', 'processing', 'paid', 'failed',
        'cancelled')),
    CONSTRAINT affiliate_payouts_paid_is_proved CHECK (status <> 'paid' OR (transaction_id IS NOT NULL
        AND processed_at IS NOT NULL)),
    CONSTRAINT affiliate_payouts_affiliate_fk FOREIGN KEY (user_id, affiliate_id) REFERENCES affiliates (user_id, id),
    CONSTRAINT affiliate_payouts_batch_fk FOREIGN KEY (batch_id) REFERENCES payout_batches (id)
);

CREATE UNIQUE INDEX affiliate_payouts_one_a_batch ON affiliate_payouts (user_id, affiliate_id, batch_id)
    WHERE batch_id IS NOT NULL;
CREATE INDEX idx_affiliate_payouts_affiliate ON affiliate_payouts (user_id, affiliate_id, created_at DESC);
CREATE INDEX idx_affiliate_payouts_batch ON affiliate_payouts (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX idx_affiliate_payouts_open ON affiliate_payouts (created_at)
    WHERE status IN ('pending', 'approved', 'processing');

-- The ledger, append-only: a balance is a sum. Money earned counts from available_at on; a payout and a reversal are
-- negative rows. source names the fact that an entry stands for ('payment:ID', 'refund:EVENT', 'payout:ID'), so that it
-- can be booked only once. rule holds what the amount was computed from, for `gridiron affiliate explain`.
-- residency: user
CREATE TABLE commission_entries (
    user_id           {{uuid}} NOT NULL,
    id                {{id}} NOT NULL,
    affiliate_id      {{uuid}} NOT NULL,
    kind              {{text}} NOT NULL,
    amount_cents      {{i64}} NOT NULL,
    currency          {{currency}} NOT NULL,
    base_cents        {{amount}},
    rate              {{rate}},
    rule              {{object}} NOT NULL,
    source            {{text}} NOT NULL,
    referred_user_id  {{uuid}},
    payment_id        {{uuid}}, -- of referred_user_id
    payout_id         {{uuid}},
    reverses_id       {{uuid}},
    available_at      {{time}} NOT NULL,
    note              {{text}},
    created_by        {{uuid}},
    created_at        {{time}} NOT NULL,
    CONSTRAINT commission_entries_pk PRIMARY KEY (user_id, id),
    CONSTRAINT commission_entries_booked_once UNIQUE (user_id, source),
    CONSTRAINT commission_entries_kind_known CHECK (kind IN ('earned', 'reversed', 'batched', 'paid', 'unbatched',
        'adjustment')),
    CONSTRAINT commission_entries_sign CHECK (
        (kind = 'earned' AND amount_cents >= 0)
        OR (kind IN ('reversed', 'batched') AND amount_cents <= 0)
        OR (kind = 'unbatched' AND amount_cents >= 0)
        OR (kind = 'paid' AND amount_cents = 0)
        OR kind = 'adjustment'),
    CONSTRAINT commission_entries_origin CHECK (
        (kind = 'earned' AND payment_id IS NOT NULL AND referred_user_id IS NOT NULL AND rate IS NOT NULL)
        OR (kind = 'reversed' AND reverses_id IS NOT NULL)
        OR (kind IN ('batched', 'paid', 'unbatched') AND payout_id IS NOT NULL)
        OR (kind = 'adjustment' AND note IS NOT NULL)),
    CONSTRAINT commission_entries_affiliate_fk FOREIGN KEY (user_id, affiliate_id)
        REFERENCES affiliates (user_id, id),
    CONSTRAINT commission_entries_payment_fk FOREIGN KEY (referred_user_id, payment_id)
        REFERENCES payments (user_id, id),
    CONSTRAINT commission_entries_payout_fk FOREIGN KEY (user_id, payout_id)
        REFERENCES affiliate_payouts (user_id, id),
    CONSTRAINT commission_entries_reverses_fk FOREIGN KEY (user_id, reverses_id)
        REFERENCES commission_entries (user_id, id),
    CONSTRAINT commission_entries_created_by_fk FOREIGN KEY (created_by) REFERENCES admin_users (id)
);

CREATE INDEX idx_commission_entries_affiliate ON commission_entries (user_id, affiliate_id, created_at DESC);
CREATE INDEX idx_commission_entries_payment ON commission_entries (referred_user_id, payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX idx_commission_entries_payout ON commission_entries (user_id, payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX idx_commission_entries_reverses ON commission_entries (user_id, reverses_id)
    WHERE reverses_id IS NOT NULL;
CREATE INDEX idx_commission_entries_created_by ON commission_entries (created_by) WHERE created_by IS NOT NULL;

-- On PostgreSQL the roles of the program have no right to change rows; SQLite has no roles.
-- only: sqlite
CREATE TRIGGER commission_entries_no_update BEFORE UPDATE ON commission_entries
BEGIN
    SELECT RAISE(ABORT, 'commission_entries is append-only');
END;

-- only: sqlite
CREATE TRIGGER commission_entries_no_delete BEFORE DELETE ON commission_entries
BEGIN
    SELECT RAISE(ABORT, 'commission_entries is append-only');
END;

-- down

DROP TABLE commission_entries;
DROP TABLE affiliate_payouts;
DROP TABLE payout_batches;
DROP TABLE referrals;
DROP TABLE affiliates;
