CREATE SCHEMA IF NOT EXISTS leader_election;

-- The lease of a process. It lives while its count changes: each observer's own clock says whether it still does.
CREATE TABLE IF NOT EXISTS leader_election.lease (
  id text PRIMARY KEY,
  renewals bigint NOT NULL,
  duration_ms bigint NOT NULL,
  ended boolean NOT NULL DEFAULT false,
  renewed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Who leads: the claim under a lease. Without a claim nobody does; with a lease alone, the row was found missing, and that is waited out.
CREATE TABLE IF NOT EXISTS leader_election.election (
  name text PRIMARY KEY,
  token bigint NOT NULL,
  lease_id text,
  claim_id text,
  candidate text,
  elected_at timestamptz,
  lease_ms bigint
) WITH (fillfactor = 50);

CREATE INDEX IF NOT EXISTS election_lease ON leader_election.election (lease_id);

-- That an election was ever held, and the highest token that entered a guarded transaction.
CREATE TABLE IF NOT EXISTS leader_election.fence (
  election text PRIMARY KEY,
  token bigint NOT NULL
);
