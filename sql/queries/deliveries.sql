-- Who was shown which forecast (predictions/delivery.h).
-- folder: predictions

-- name: deliveries_put :rows
-- args: ids bytes, users bytes, forecasts bytes, rest array
-- as: system, many users' at once
-- Store as many as REST has elements, each [microseconds, via, tier or null, times]; the ids stand one behind another, sixteen
-- bytes each. What was stored before, and users that are gone or erased and forecasts that are gone, are passed over;
-- each is looked up by itself, where EXISTS would have become a join with all of them.
-- for: postgresql
INSERT INTO user_prediction_access (user_id, id, prediction_id, accessed_at, via, tier_name, times)
SELECT d.user_id, d.id, d.prediction_id, d.accessed_at, d.via, d.tier_name, d.times
  FROM (SELECT CAST(encode(substr(:users, CAST(16 * r.number - 15 AS integer), 16), 'hex') AS uuid) AS user_id,
               CAST(encode(substr(:ids, CAST(16 * r.number - 15 AS integer), 16), 'hex') AS uuid) AS id,
               CAST(encode(substr(:forecasts, CAST(16 * r.number - 15 AS integer), 16), 'hex') AS uuid) AS prediction_id,
               timestamptz 'epoch' + CAST(r.value ->> 0 AS bigint) * interval '1 microsecond' AS accessed_at,
               r.value ->> 1 AS via,
               r.value ->> 2 AS tier_name,
               CAST(r.value ->> 3 AS integer) AS times
          FROM jsonb_array_elements(:rest) WITH ORDINALITY AS r (value, number)) AS d
 WHERE (SELECT TRUE FROM users AS u WHERE u.id = d.user_id AND u.erased_at IS NULL)
   AND (SELECT TRUE FROM predictions AS p WHERE p.id = d.prediction_id)
    ON CONFLICT (user_id, id) DO NOTHING;
-- for: sqlite
INSERT INTO user_prediction_access (user_id, id, prediction_id, accessed_at, via, tier_name, times)
SELECT d.user_id, d.id, d.prediction_id, d.accessed_at, d.via, d.tier_name, d.times
  FROM (SELECT substr(:users, 16 * r.key + 1, 16) AS user_id, substr(:ids, 16 * r.key + 1, 16) AS id,
               substr(:forecasts, 16 * r.key + 1, 16) AS prediction_id, json_extract(r.value, '$[0]') AS accessed_at,
               json_extract(r.value, '$[1]') AS via, json_extract(r.value, '$[2]') AS tier_name,
               json_extract(r.value, '$[3]') AS times
          FROM json_each(:rest) AS r) AS d
 WHERE (SELECT TRUE FROM users AS u WHERE u.id = d.user_id AND u.erased_at IS NULL)
   AND (SELECT TRUE FROM predictions AS p WHERE p.id = d.prediction_id)
    ON CONFLICT (user_id, id) DO NOTHING;
