-- Gives an election back, if it is still the claim's; tells those who wait.
SELECT CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', true) END;

-- A leader whose row was deleted says so too: those who wait it out need not wait longer. Unless they wait out a later one.
WITH given AS (
  UPDATE leader_election.election SET lease_id = NULL, claim_id = NULL, candidate = NULL
  WHERE name = @election AND (lease_id = @lease AND claim_id = @claim OR lease_id IS NOT NULL AND claim_id IS NULL AND @token > 0 AND token <= @token)
  RETURNING name
),
entered AS (
  INSERT INTO leader_election.election (name, token) SELECT @election, @token WHERE @token > 0
  ON CONFLICT (name) DO NOTHING
  RETURNING name
)
SELECT pg_notify(@channel, 'released ' || name) FROM (SELECT name FROM given UNION ALL SELECT name FROM entered) free;
