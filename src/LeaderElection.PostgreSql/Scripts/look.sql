-- Whom many elections name.
SELECT name, lease_id, token FROM leader_election.election WHERE name = ANY (@names) AND claim_id IS NOT NULL;
