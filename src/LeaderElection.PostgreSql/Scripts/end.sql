-- Ends a lease. While an election still names it, its row says so.
SELECT CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', true) END;

WITH ended AS (
  INSERT INTO leader_election.lease (id, renewals, duration_ms, ended)
  SELECT @lease, 0, @duration, true WHERE EXISTS (SELECT FROM leader_election.election WHERE lease_id = @lease)
  ON CONFLICT (id) DO UPDATE SET ended = true
  RETURNING id
)
SELECT pg_notify(@channel, 'ended ' || id) FROM ended;

-- What nothing names any more. One that did not end, as of a process that was killed, is kept for longer than any lease lasts.
DELETE FROM leader_election.lease WHERE id IN (
  SELECT l.id FROM leader_election.lease l
  WHERE (l.id = @lease OR l.ended OR l.renewed_at < clock_timestamp() - interval '2 days')
    AND NOT EXISTS (SELECT FROM leader_election.election e WHERE e.lease_id = l.id)
  FOR UPDATE SKIP LOCKED);
