-- In a transaction of the user's. The first of a leadership waits for those of earlier ones to end, and keeps later ones waiting.
UPDATE leader_election.fence SET token = @token WHERE election = @election AND token < @token;
SELECT f.token FROM leader_election.fence f WHERE f.election = @election FOR SHARE;
SELECT 1 FROM leader_election.election e
WHERE e.name = @election AND e.token = @token AND e.claim_id = @claim AND e.lease_id = @lease
  AND EXISTS (SELECT FROM leader_election.lease l WHERE l.id = e.lease_id AND NOT l.ended)
FOR KEY SHARE OF e;
