/*
 * Leader election on three independent Redis servers of which a majority decides.
 * Stands for: src/LeaderElection.Redis/RedisMajority.cs, LeaseSightings.cs, Scripts/{claim,raise,adopt,renew,release}.lua.
 *
 * CASE holds  faults-of-one-server    -DJUMPS=1 -DRESTARTS=1 -DFAULTY=1 -DONE_FAULT -DNOBODY_RESIGNS
 * CASE holds  restarts-of-two         -DRESTARTS=2 -DFAULTY=2 -DLEASE0=1 -DLEASE1=1 -DNOBODY_RESIGNS
 * CASE holds  resignation
 * CASE holds  unequal-leases          -DLEASE0=2 -DLEASE1=1 -DDELETIONS=1 -DNOBODY_RESIGNS
 * CASE I1     votes-after-restart     -DRESTARTS=2 -DFAULTY=2 -DLEASE0=1 -DLEASE1=1 -DVOTES_AFTER_RESTART
 * CASE I1     trusts-server-clock     -DJUMPS=1 -DFAULTY=1 -DTRUSTS_SERVER_CLOCK
 * CASE I1     short-vacancy           -DLEASE0=2 -DLEASE1=1 -DDELETIONS=1 -DNOBODY_RESIGNS -DSHORT_VACANCY
 * CASE I1     lease-from-the-reply    -DLEASE_FROM_REPLY
 * CASE I1     one-vote-is-enough      -DMAJORITY=1
 * CASE I2     token-not-agreed        -DTOKEN_NOT_AGREED -DTOKENS_WITHOUT_CLOCK
 * CASE I2     tokens-without-clock    -DRESTARTS=1 -DFAULTY=1 -DTOKENS_WITHOUT_CLOCK
 * CASE I1     beyond:two-faults       -DJUMPS=1 -DRESTARTS=1 -DFAULTY=1 -DLEASE0=1 -DLEASE1=1 -DNOBODY_RESIGNS
 * CASE I1     beyond:unequal-restart  -DRESTARTS=1 -DFAULTY=1 -DLEASE0=2 -DLEASE1=1 -DNOBODY_RESIGNS
 */

#define SERVERS 3
#ifndef MAJORITY
#define MAJORITY 2
#endif
#ifndef LEASE0
#define LEASE0 2
#endif
#ifndef LEASE1
#define LEASE1 2
#endif
#ifndef FAULTY          /* how many servers have faults, the first ones */
#define FAULTY 0
#endif
#ifndef JUMPS
#define JUMPS 0
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef DELETIONS
#define DELETIONS 0
#endif

#define LEASE(c)    ((c) == 0 -> LEASE0 : LEASE1)
#define MAX(a, b)   ((a) > (b) -> (a) : (b))
#define BIT(s)      (1 << (s))
#define COUNT(mask) (((mask) & 1) + (((mask) >> 1) & 1) + (((mask) >> 2) & 1))
#define LESS(x)     x = (x > 0 -> x - 1 : 0)

/* Of two that compete, the one that leads first; the other is elected once, and does no more than believe. */
#define FIRST    0
#define NEWCOMER 1

/* Who an entry names: candidate 0 or 1, or: */
#define RESIGNED 2      /* "- TOKEN" */
#define MISSING  3      /* deleted, or a vote that ended */

typedef Server {
  byte holder;
  bit  isVote;          /* "+ ...": no leadership yet */
  byte token;           /* of the entry */
  byte counter;         /* the last token drawn here */
  byte longest;         /* the lease that is kept with the counter */
  byte left;            /* of the holder's lease, by this server's clock */
  bit  isWaitedOut;     /* since when an entry is missing is noted */
  byte vacancy;         /* how long that is yet waited out */
  bit  hasForgotten;    /* was restarted, and no request has come since */
  byte quarantine       /* how long it yet does not vote */
};

#define IDLE     0
#define CLAIMING 1
#define AGREEING 2
#define LEADING  3
#define OVER     4

typedef Candidate {
  byte phase;
  byte age;             /* since before the first request of the claim, or of the renewal, was sent */
  byte votes;           /* servers, as masks */
  byte agreed;
  byte token;
  byte belief;          /* how long it believes that it leads */
  bit  resigned
};

#define NEVER 15        /* the newcomer has not seen that lease on that server */

Server    server[SERVERS];
Candidate candidate[2];
byte seen[SERVERS];     /* how long the first one's lease runs by the newcomer's own clock */
byte drawn;             /* the highest token drawn so far */
byte past;              /* and before this moment: the servers' clocks, as tokens are never behind them */
byte led;               /* the highest token that was led under */
byte jumps, restarts, deletions;

#define forget(s) seen[s] = NEVER

/* claim.lua, on one of several servers: whether candidate c gets the vote of server s. */
inline judge(c, s, isGranted) {
  isGranted = 0;
  if
  :: server[s].hasForgotten ->
       server[s].hasForgotten = 0;
       server[s].quarantine = MAX(LEASE(c), server[s].longest)
  :: else
  fi;
  if
  :: server[s].holder == NEWCOMER       /* a vote, which ends by itself */
  :: server[s].holder == FIRST ->
       if
       :: server[s].left > 0 ->
            seen[s] = (seen[s] == NEVER -> server[s].left : MAX(seen[s], server[s].left))
       :: else ->
#ifdef TRUSTS_SERVER_CLOCK
            isGranted = 1
#else
            if
            :: seen[s] == NEVER -> seen[s] = MAX(LEASE(c), server[s].longest)
            :: else -> isGranted = (seen[s] == 0)
            fi
#endif
       fi
  :: server[s].holder == RESIGNED -> isGranted = 1
  :: server[s].holder == MISSING ->
       if
       :: !server[s].isWaitedOut ->
            server[s].isWaitedOut = 1;
#ifdef SHORT_VACANCY
            server[s].vacancy = LEASE(c)
#else
            server[s].vacancy = MAX(LEASE(c), server[s].longest)
#endif
       :: else -> isGranted = (server[s].vacancy == 0)
       fi
  fi;
  isGranted = isGranted && server[s].quarantine == 0
}

inline enter(c, s) {
  server[s].holder = c;
  server[s].isVote = 0;
  server[s].token = candidate[c].token;
  server[s].counter = MAX(server[s].counter, candidate[c].token);
  server[s].longest = LEASE(c);
  server[s].left = LEASE(c);
  server[s].isWaitedOut = 0;
  server[s].vacancy = 0;
  forget(s)
}

/* adopt.lua: nobody is entered there who was elected later. */
#define MAY_ENTER(c, s) (server[s].holder == c || server[s].holder == MISSING || server[s].token < candidate[c].token)

/* What candidate c may ask server s. */
proctype Request(byte c; byte s) {
  bit isGranted;
  do
  :: d_step { /* vote; the newcomer looks before, as its earlier claims do */
       (candidate[c].phase == CLAIMING || (c == NEWCOMER && candidate[c].phase == IDLE)) && !(candidate[c].votes & BIT(s)) ->
       judge(c, s, isGranted);
       if
       :: isGranted && candidate[c].phase == CLAIMING ->
            server[s].holder = c;
            server[s].isVote = 1;
#ifdef TOKENS_WITHOUT_CLOCK
            server[s].token = server[s].counter + 1;
#else
            server[s].token = MAX(server[s].counter, past) + 1;
#endif
            server[s].counter = server[s].token;
            server[s].longest = LEASE(c);
            server[s].left = LEASE(c);
            server[s].isWaitedOut = 0;
            server[s].vacancy = 0;
            forget(s);
            drawn = MAX(drawn, server[s].token);
            candidate[c].votes = candidate[c].votes | BIT(s);
            candidate[c].token = MAX(candidate[c].token, server[s].token)
       :: else
       fi;
       isGranted = 0
     }
  :: d_step { /* agree on the token: raise.lua */
       candidate[c].phase == AGREEING && (candidate[c].votes & BIT(s)) && !(candidate[c].agreed & BIT(s)) && server[s].holder == c ->
       candidate[c].agreed = candidate[c].agreed | BIT(s);
       server[s].isVote = 0;
#ifndef TOKEN_NOT_AGREED
       server[s].token = candidate[c].token;
       server[s].counter = MAX(server[s].counter, candidate[c].token)
#endif
     }
#ifndef ENTERS_AT_RENEWAL
  :: d_step { /* enter itself on the others at once */
       c == FIRST && candidate[c].phase == LEADING && candidate[c].belief > 0 && server[s].holder != c && MAY_ENTER(c, s) ->
       enter(c, s)
     }
#endif
  :: d_step { /* renew */
       candidate[c].phase == LEADING && candidate[c].belief > 0 && candidate[c].age < 7 && !(candidate[c].agreed & BIT(s)) && MAY_ENTER(c, s) ->
       if
       :: server[s].hasForgotten ->
            server[s].hasForgotten = 0;
            server[s].quarantine = LEASE(c)
       :: else
       fi;
       enter(c, s);
       candidate[c].agreed = candidate[c].agreed | BIT(s)
     }
  :: d_step { /* release */
       candidate[c].resigned && (server[s].holder == c || (server[s].holder == MISSING && server[s].counter <= candidate[c].token)) ->
       server[s].holder = RESIGNED;
       server[s].token = candidate[c].token;
       server[s].isVote = 0;
       server[s].left = 0;
       server[s].isWaitedOut = 0;
       server[s].vacancy = 0;
       forget(s)
     }
  od
}

/* One process of a candidate: it leads at most once. */
proctype Process(byte c) {
  do
  :: d_step {
       candidate[c].phase == IDLE ->
       candidate[c].phase = CLAIMING
     }
  :: d_step {
       candidate[c].phase == CLAIMING && COUNT(candidate[c].votes) >= MAJORITY ->
       candidate[c].phase = AGREEING;
       candidate[c].agreed = 0
     }
  :: d_step {
       candidate[c].phase == AGREEING && COUNT(candidate[c].agreed) >= MAJORITY && candidate[c].age < LEASE(c) && (c == FIRST) == (led == 0) ->
       candidate[c].phase = LEADING;
#ifdef LEASE_FROM_REPLY
       candidate[c].belief = LEASE(c);
#else
       candidate[c].belief = LEASE(c) - candidate[c].age;
#endif
       candidate[c].votes = 0;
       candidate[c].agreed = 0;
       candidate[c].age = 7;
       assert(candidate[1 - c].belief == 0); /* I1 */
       assert(candidate[c].token > led); /* I2 */
       led = candidate[c].token
     }
  :: d_step { /* a renewal begins */
       c == FIRST && candidate[c].phase == LEADING && candidate[c].belief > 0 && (candidate[c].age == 7 || candidate[c].age > 0) ->
       candidate[c].age = 0;
       candidate[c].agreed = 0
     }
  :: d_step { /* and is confirmed */
       candidate[c].phase == LEADING && candidate[c].belief > 0 && COUNT(candidate[c].agreed) >= MAJORITY && candidate[c].age < LEASE(c) ->
#ifdef LEASE_FROM_REPLY
       candidate[c].belief = LEASE(c);
#else
       candidate[c].belief = MAX(candidate[c].belief, LEASE(c) - candidate[c].age);
#endif
       candidate[c].age = 7;
       candidate[c].agreed = 0;
       assert(candidate[1 - c].belief == 0) /* I1 */
     }
  :: d_step { /* it ran out, a majority names another, or it resigns */
       candidate[c].phase == LEADING ->
       candidate[c].phase = OVER;
       #ifdef NOBODY_RESIGNS
       candidate[c].resigned = 0;
#else
       candidate[c].resigned = (c == FIRST && candidate[c].belief > 0);
#endif
       candidate[c].belief = 0;
       candidate[c].token = (candidate[c].resigned -> candidate[c].token : 0);
       candidate[c].age = 0;
       candidate[c].agreed = 0
     }
  od
}

inline passOn(s) {
  LESS(server[s].left);
  LESS(server[s].quarantine);
  LESS(server[s].vacancy);
  if
  :: server[s].isVote && server[s].left == 0 ->
       server[s].holder = MISSING;
       server[s].isVote = 0;
       server[s].token = 0;
       server[s].isWaitedOut = 0;
       forget(s)
  :: else
  fi;
  seen[s] = (seen[s] == NEVER || seen[s] == 0 -> seen[s] : seen[s] - 1)
}

inline growOld(c) {
  LESS(candidate[c].belief);
  candidate[c].age = (candidate[c].phase != IDLE && candidate[c].phase != OVER && candidate[c].age < LEASE(c) -> candidate[c].age + 1 : candidate[c].age)
}

active proctype Time() {
  do
  :: d_step {
       passOn(0); passOn(1); passOn(2);
       growOld(0); growOld(1);
       past = drawn
     }
  od
}

proctype Fault(byte s) {
  do
  :: d_step { /* the server's clock jumps forward, by as much as it takes */
#ifdef ONE_FAULT
       jumps + restarts == 0 &&
#endif
       jumps < JUMPS ->
       jumps++;
       server[s].left = 0;
       server[s].quarantine = 0;
       server[s].vacancy = 0;
       if
       :: server[s].isVote ->
            server[s].holder = MISSING;
            server[s].isVote = 0;
            server[s].token = 0;
            server[s].isWaitedOut = 0;
            forget(s)
       :: else
       fi
     }
  :: d_step { /* it is restarted, with what it had on disk before anything of this was written */
#ifdef ONE_FAULT
       jumps + restarts == 0 &&
#endif
       restarts < RESTARTS ->
       restarts++;
       server[s].holder = RESIGNED;
       server[s].isVote = 0;
       server[s].token = 0;
       server[s].counter = 0;
       server[s].longest = 0;
       server[s].left = 0;
       server[s].isWaitedOut = 0;
       server[s].vacancy = 0;
       server[s].quarantine = 0;
#ifndef VOTES_AFTER_RESTART
       server[s].hasForgotten = 1;
#endif
       forget(s)
     }
  od
}

inline delete(s) {
  server[s].holder = MISSING;
  server[s].isVote = 0;
  server[s].token = 0;
  server[s].isWaitedOut = 0;
  server[s].vacancy = 0;
  forget(s)
}

/* Somebody deletes the entry on all servers. */
active proctype Deletion() {
  do
  :: d_step {
       deletions < DELETIONS ->
       deletions++;
       delete(0); delete(1); delete(2)
     }
  od
}

init {
  d_step {
    server[0].holder = RESIGNED;
    server[1].holder = RESIGNED;
    server[2].holder = RESIGNED;
    /* on one, somebody has claimed before, in vain */
    server[1].counter = 1;
    drawn = 1;
    past = 1;
    forget(0); forget(1); forget(2)
  };
  atomic {
    run Process(0); run Request(0, 0); run Request(0, 1); run Request(0, 2);
    run Process(1); run Request(1, 0); run Request(1, 1); run Request(1, 2);
#if FAULTY > 0
    run Fault(0);
#endif
#if FAULTY > 1
    run Fault(1);
#endif
  }
}
