-- Who is entered, and the lease that this hangs on.
SELECT e.candidate, e.token, e.elected_at, e.lease_id, l.renewals, coalesce(l.duration_ms, e.lease_ms)
FROM leader_election.election e LEFT JOIN leader_election.lease l ON l.id = e.lease_id
WHERE e.name = @election AND e.claim_id IS NOT NULL AND l.ended IS NOT TRUE;
