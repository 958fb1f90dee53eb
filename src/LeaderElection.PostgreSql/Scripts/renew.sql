-- Renews the lease of a process, and finds the claims that no longer hold their elections.
WITH renewed AS (
  UPDATE leader_election.lease SET renewals = renewals + 1, renewed_at = clock_timestamp() WHERE id = @lease AND NOT ended
  RETURNING renewals, CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', true) END
),
told AS (
  SELECT pg_notify(@channel, 'alive ' || @lease || ' ' || renewals || ' ' || @duration) FROM renewed
)
SELECT
  (SELECT count(*) FROM told) > 0,
  (SELECT string_agg((c.position - 1)::text, ' ')
    FROM unnest(@names, @claims) WITH ORDINALITY AS c(name, claim, position)
    LEFT JOIN leader_election.election e ON e.name = c.name
    WHERE e.claim_id IS DISTINCT FROM c.claim OR e.lease_id IS DISTINCT FROM @lease);
