/*
 * When a candidate may believe that the leader of the ZooKeeper ensemble keeps its session.
 * Stands for: src/LeaderElection.ZooKeeper/Client/SessionEvidence.cs, and who asks it: ZooKeeperSession.cs.
 *
 * CASE holds  answered-before-sync
 * CASE I1     counts-from-sent        -DCOUNTS_FROM_SENT
 * CASE I1     trusts-pings            -DTRUSTS_PINGS
 * CASE I1     relay-too-short         -DRELAY=0
 * CASE I1     sync-of-no-sign         -DSYNC_PROVES_ITSELF
 * CASE I1     channel-out-of-order    -DOUT_OF_ORDER
 * CASE I1     beyond:late-report      -DREPORTS_LATE
 */

/* In half ticks. A server reports each half tick whom it has heard; a session lasts two ticks, the shortest there is. */
#define HALF_TICK 1
#define SESSION   4
#ifndef RELAY
#define RELAY (SESSION / 4)
#endif

#define LESS(x) x = (x > 0 -> x - 1 : 0)
#define OLDER(x) x = (x < SESSION -> x + 1 : SESSION)

#define PING 1
#define SYNC 2

/* The client's requests that are not answered yet, at most two, in their order. */
byte kind[2];           /* 0 for none */
byte sent[2];           /* how long ago */
byte where[2];          /* see below */
#define WITH_SERVER  0  /* on the way to it, or in front of it while it hangs */
#define FORWARDED    1  /* a sync: on the way to the leader */
#define ANSWERED     2  /* on the way back */

/* Signs of life that were answered: when each was sent and answered. It keeps two; SESSION long ago is none. */
byte signSent[2] = SESSION;
byte signAnswered[2] = SESSION;
byte proven;            /* how long ago that is since when the session has its full time to run */

/* What the server has told the leader, in its order. */
#define REPORT 1
chan told = [3] of { byte };
bit  heard;             /* since its last report */
byte sinceReport;

byte left = SESSION;    /* of the session, at the leader */
bit  hasExpired;

#define BELIEVES (proven < SESSION)

inline ask(what) {
  if
  :: kind[0] == 0 -> kind[0] = what; sent[0] = 0; where[0] = WITH_SERVER
  :: else -> kind[1] = what; sent[1] = 0; where[1] = WITH_SERVER
  fi
}

inline note(s, a) {
  /* The older makes room. */
  if
  :: signSent[0] >= signSent[1] -> signSent[0] = s; signAnswered[0] = a
  :: else -> signSent[1] = s; signAnswered[1] = a
  fi
}

#ifdef COUNTS_FROM_SENT
#define REPORTED(i, at) (signSent[i] >= (at) + RELAY)
#else
#define REPORTED(i, at) (signAnswered[i] >= (at) + RELAY)
#endif

proctype Client() {
  do
  :: d_step { kind[1] == 0 -> ask(PING) }
  :: d_step { kind[1] == 0 -> ask(SYNC) }
  :: d_step { /* the first is answered */
       kind[0] != 0 && where[0] == ANSWERED ->
       if
       :: kind[0] == SYNC ->
            if
            :: REPORTED(0, sent[0]) && signSent[0] < proven -> proven = signSent[0]
            :: else
            fi;
            if
            :: REPORTED(1, sent[0]) && signSent[1] < proven -> proven = signSent[1]
            :: else
            fi
#ifdef SYNC_PROVES_ITSELF
            ; proven = (sent[0] < proven -> sent[0] : proven)
#endif
       :: else ->
#ifdef TRUSTS_PINGS
            proven = (sent[0] < proven -> sent[0] : proven)
#else
            skip
#endif
       fi;
       note(sent[0], 0);
       kind[0] = kind[1]; sent[0] = sent[1]; where[0] = where[1];
       kind[1] = 0; sent[1] = 0; where[1] = 0
     }
  od
}

/* How often the server reports is the leader's doing, and what this rests on: nothing is forwarded by one whose report is overdue. */
#ifdef REPORTS_LATE
#define IS_ON_TIME true
#else
#define IS_ON_TIME (sinceReport < HALF_TICK || !heard)
#endif

#define NEXT(i) (kind[i] != 0 && where[i] == WITH_SERVER && ((i) == 0 || where[0] != WITH_SERVER))

proctype Server() {
  do
  :: d_step { NEXT(0) && kind[0] == PING -> heard = 1; where[0] = ANSWERED }
  :: d_step { NEXT(1) && kind[1] == PING -> heard = 1; where[1] = ANSWERED }
  :: d_step { NEXT(0) && kind[0] == SYNC && IS_ON_TIME && nfull(told) -> heard = 1; where[0] = FORWARDED; told!SYNC }
  :: d_step { NEXT(1) && kind[1] == SYNC && IS_ON_TIME && nfull(told) -> heard = 1; where[1] = FORWARDED; told!SYNC }
  :: d_step { heard && nfull(told) -> heard = 0; sinceReport = 0; told!REPORT }
  :: d_step { !heard && sinceReport > 0 -> sinceReport = 0 }
  od
}

inline touch() {
  left = (hasExpired -> 0 : SESSION)
}

inline answer() {
  /* In their order; a sync of a session that has expired is refused, which proves nothing. */
  if
  :: hasExpired
  :: !hasExpired && where[0] == FORWARDED -> where[0] = ANSWERED
  :: !hasExpired && where[0] != FORWARDED -> where[1] = (where[1] == FORWARDED -> ANSWERED : where[1])
  fi
}

/* The messages may take as long as they like, which stands for a server that is cut off as well. */
proctype Leader() {
  do
  :: d_step { told?[REPORT] -> told?REPORT; touch() }
  :: d_step { told?[SYNC] -> told?SYNC; answer() }
#ifdef OUT_OF_ORDER
  :: d_step { told?[REPORT] == false && told??[SYNC] -> told??SYNC; answer() }
  :: d_step { told??[SYNC] -> told??SYNC; answer() }
#endif
  od
}

proctype Time() {
  do
  :: d_step {
       OLDER(sent[0]); OLDER(sent[1]);
       sent[0] = (kind[0] -> sent[0] : 0);
       sent[1] = (kind[1] -> sent[1] : 0);
       OLDER(signSent[0]); OLDER(signSent[1]);
       OLDER(signAnswered[0]); OLDER(signAnswered[1]);
       signAnswered[0] = (signSent[0] == SESSION -> SESSION : signAnswered[0]);
       signAnswered[1] = (signSent[1] == SESSION -> SESSION : signAnswered[1]);
       OLDER(proven);
       sinceReport = (sinceReport < HALF_TICK -> sinceReport + 1 : sinceReport);
       LESS(left);
       hasExpired = hasExpired || left == 0;
       assert(!(hasExpired && BELIEVES)) /* I1 */
     }
  od
}

/* The handshake was answered just now: the leader itself has touched the session. */
init {
  atomic {
    signSent[0] = 0;
    signAnswered[0] = 0;
    run Client(); run Server(); run Leader(); run Time()
  }
}
