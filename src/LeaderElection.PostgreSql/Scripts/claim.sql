-- Decides the claims of one process: lets each claimant lead if nobody does, and issues the fencing token.
-- What is committed here must not be forgotten; and a row that somebody keeps locked is not waited for long.
SELECT set_config('lock_timeout', @patience, true),
  CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', true) END;

-- A row that is missing, where the election was held before or the claimant knows a living leader, was deleted: that is an occasion
-- of its own, which each claimant waits out by its own clock.
INSERT INTO leader_election.election (name, token, lease_id)
SELECT c.name, CASE WHEN c.is_known THEN c.highest ELSE 0 END, CASE WHEN c.is_known THEN gen_random_uuid()::text END
FROM (
  SELECT u.name, u.highest, u.watched OR EXISTS (SELECT FROM leader_election.fence f WHERE f.election = u.name) AS is_known
  FROM unnest(@names, @highest, @watched) AS u(name, highest, watched)
  WHERE NOT EXISTS (SELECT FROM leader_election.election e WHERE e.name = u.name)
) c
ORDER BY c.name
ON CONFLICT (name) DO NOTHING;

-- Everything that is decided on, in one order for all processes. Each statement sees what was committed before it began.
SELECT count(*) FROM (SELECT FROM leader_election.election WHERE name = ANY (@names) ORDER BY name FOR NO KEY UPDATE) locked;
SELECT count(*) FROM (SELECT FROM leader_election.lease WHERE id = @lease OR id = ANY (@over) ORDER BY id FOR NO KEY UPDATE) locked;

WITH claim AS (
  SELECT c.position, c.name, c.claim, c.claimant, c.must_exist, c.watched, c.highest, c.over_id, c.over_count,
    e.token, e.lease_id, e.claim_id, e.candidate, e.elected_at, e.lease_ms, h.renewals, h.ended, h.duration_ms
  FROM unnest(@names, @claims, @candidates, @must_exist, @watched, @highest, @over, @over_counts)
    WITH ORDINALITY AS c(name, claim, claimant, must_exist, watched, highest, over_id, over_count, position)
  JOIN leader_election.election e ON e.name = c.name
  LEFT JOIN leader_election.lease h ON h.id = e.lease_id
),
judged AS (
  SELECT claim.*, CASE
    WHEN EXISTS (SELECT FROM leader_election.lease WHERE id = @lease AND ended)
      OR must_exist AND NOT EXISTS (SELECT FROM leader_election.lease WHERE id = @lease) THEN 'lease-gone'
    -- Free; but with a lower token than that of a leader who is known to live, what is here is older than that one.
    WHEN lease_id IS NULL THEN CASE WHEN watched AND token < highest THEN 'vanish' ELSE 'elect' END
    WHEN claim_id IS NULL THEN CASE WHEN over_id = lease_id THEN 'elect' ELSE 'vanished' END
    WHEN lease_id = @lease THEN CASE WHEN claim_id = claim THEN 'won' ELSE 'held' END
    WHEN ended THEN 'elect'
    WHEN over_id = lease_id AND over_count = coalesce(renewals, -1) THEN 'elect'
    WHEN renewals IS NULL THEN 'missing'
    ELSE 'held' END AS verdict
  FROM claim
),
elected AS (
  -- Above the last one, above all that the claimant has seen, and not behind the clock: what deleted rows, or a replica that
  -- was promoted, have forgotten had been issued before now.
  UPDATE leader_election.election e SET
    token = greatest(
      j.token, j.highest, coalesce((SELECT f.token FROM leader_election.fence f WHERE f.election = j.name), 0),
      (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1) + 1,
    lease_id = @lease, claim_id = j.claim, candidate = j.claimant, elected_at = clock_timestamp(), lease_ms = @duration
  FROM judged j WHERE e.name = j.name AND j.verdict = 'elect'
  RETURNING e.name, e.token, e.elected_at
),
vanished AS (
  UPDATE leader_election.election e SET lease_id = gen_random_uuid()::text, token = j.highest
  FROM judged j WHERE e.name = j.name AND j.verdict = 'vanish'
  RETURNING e.name, e.lease_id
),
held_before AS (
  -- Only where it is missing: a conflict would wait for the guarded transaction that is under way.
  INSERT INTO leader_election.fence (election, token)
  SELECT name, 0 FROM elected WHERE NOT EXISTS (SELECT FROM leader_election.fence f WHERE f.election = elected.name) ORDER BY name
  ON CONFLICT (election) DO NOTHING
),
taken AS (
  UPDATE leader_election.lease l SET ended = true
  WHERE NOT l.ended AND l.id IN (SELECT lease_id FROM judged WHERE verdict = 'elect' AND claim_id IS NOT NULL)
),
confirmed AS (
  INSERT INTO leader_election.lease AS l (id, renewals, duration_ms)
  SELECT @lease, 1, @duration WHERE EXISTS (SELECT FROM judged WHERE verdict IN ('elect', 'won'))
  ON CONFLICT (id) DO UPDATE SET renewals = l.renewals + 1, renewed_at = clock_timestamp()
),
told AS (
  SELECT pg_notify(@channel, 'elected ' || string_agg(name || ' ' || token, ' '))
  FROM (SELECT name, token, row_number() OVER () AS number FROM elected) e GROUP BY number / 32
)
SELECT j.verdict, coalesce(e.token, j.token), coalesce(e.elected_at, j.elected_at), j.candidate, coalesce(v.lease_id, j.lease_id),
  j.renewals, coalesce(j.duration_ms, j.lease_ms), (SELECT count(*) FROM told)
FROM judged j LEFT JOIN elected e ON e.name = j.name LEFT JOIN vanished v ON v.name = j.name
ORDER BY j.position;
