-- What is published, and under which token (see predictions/publication.h). One row.
-- folder: predictions

-- row publication: token uuid

-- name: publication_get :opt publication
-- args: none
-- as: anyone
-- The current token.
SELECT token
  FROM publications
 WHERE name = 'forecasts';

-- name: publication_put :exec
-- args: now time
-- as: system, jobs and commands publish
-- Set a new token.
INSERT INTO publications (name, token, published_at)
VALUES ('forecasts', {{new id}}, :now)
    ON CONFLICT (name) DO UPDATE
   SET token = excluded.token, published_at = excluded.published_at;
