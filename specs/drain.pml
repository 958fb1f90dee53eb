/*
 * How a leader hands over: its work stops while the lease goes on being renewed, then the seat is given back; and what
 * requests do that arrive late.
 * Stands for: src/LeaderElection/Leadership.cs, Leases/{HeldLease,RenewalLoop}.cs, and the guards of every store's requests.
 *
 * CASE holds  store-in-time
 * CASE holds  store-in-trouble        -DTROUBLE
 * CASE I1     releases-first          -DRELEASES_FIRST
 * CASE I1     stops-renewing          -DSTOPS_RENEWING
 * CASE I1     renewal-takes-the-seat  -DRENEWAL_TAKES_THE_SEAT
 * CASE I1     release-of-any-claim    -DRELEASE_OF_ANY_CLAIM
 * CASE I1     lease-from-the-reply    -DTROUBLE -DLEASE_FROM_REPLY
 * CASE bound  drains-for-ever         -DDRAINS_FOR_EVER
 */

#define LEASE 2
#define BOUND 4         /* the drain timeout */
#define CLAIMS 3        /* in all; each has an id of its own, 1 to CLAIMS, which are the tokens as well */
#define LESS(x) x = (x > 0 -> x - 1 : 0)
#define MAX(a, b) (((a) > (b)) -> (a) : (b))

mtype = { FOLLOWS, CLAIMS_SEAT, LEADS, DRAINS };

typedef Candidate {
  mtype is;
  byte claim;
  byte age;             /* since before the request that is under way was sent */
  bit  isAnswered;      /* it was executed in time, and the answer is on its way */
  byte belief;
  byte works;           /* the claim under which work runs; 0 for none */
  byte drained;         /* for how long it has been draining */
  bit  toldAloud        /* work of before still runs, and was given up with an error, or its lease ran out */
};

Candidate candidate[2];
byte holder;            /* the claim that the store names; 0 for none */
byte left;              /* of its lease */
byte lastClaim;
byte owner[4];          /* of each claim */
/* Requests that were sent, and may be executed at any time from then on, also again. */
bit claimed[4];
bit renewed[4];
bit released[4];

#define OTHER(c) candidate[1 - (c)]

inline checkTaken(k) {
  assert(OTHER(owner[k]).belief == 0); /* I1 */
  assert(OTHER(owner[k]).works == 0 || OTHER(owner[k]).toldAloud) /* I1 */
}

inline execute(k) {
  if
  :: candidate[owner[k]].claim == k && candidate[owner[k]].is != FOLLOWS -> candidate[owner[k]].isAnswered = 1
  :: else
  fi
}

/* The requests of claim k at the store. */
proctype Store(byte k) {
  do
  :: d_step { /* a claim: also of one who has given it up meanwhile */
       claimed[k] && (holder == 0 || left == 0) && holder != k && !released[k] ->
       claimed[k] = 0;
       holder = k;
       left = LEASE;
       execute(k);
       checkTaken(k)
     }
  :: d_step {
#ifdef RENEWAL_TAKES_THE_SEAT
       renewed[k] ->
       holder = k;
#else
       renewed[k] && holder == k && left > 0 ->
#endif
       left = LEASE;
       execute(k)
     }
  :: d_step {
#ifdef RELEASE_OF_ANY_CLAIM
       released[k] && holder != 0 && owner[holder] == owner[k] ->
#else
       released[k] && holder == k ->
#endif
       holder = 0;
       left = 0
     }
  od
}

inline follow(c) {
  candidate[c].is = FOLLOWS;
  candidate[c].claim = 0;
  candidate[c].age = 0;
  candidate[c].isAnswered = 0;
  candidate[c].belief = 0;
  candidate[c].drained = 0
}

inline believe(c) {
#ifdef LEASE_FROM_REPLY
  candidate[c].belief = LEASE;
#else
  candidate[c].belief = MAX(candidate[c].belief, LEASE - candidate[c].age);
#endif
  candidate[c].isAnswered = 0;
  candidate[c].age = 0
}

#ifdef STOPS_RENEWING
#define RENEWS(c) (candidate[c].is == LEADS && candidate[c].belief > 0)
#else
#define RENEWS(c) ((candidate[c].is == LEADS || candidate[c].is == DRAINS) && candidate[c].belief > 0)
#endif

proctype Process(byte c) {
  do
  :: d_step {
       candidate[c].is == FOLLOWS && candidate[c].works == 0 && lastClaim < CLAIMS ->
       lastClaim++;
       owner[lastClaim] = c;
       claimed[lastClaim] = 1;
       candidate[c].is = CLAIMS_SEAT;
       candidate[c].claim = lastClaim;
       candidate[c].age = 0;
       candidate[c].isAnswered = 0
     }
  :: d_step { /* elected, and begins to work */
       candidate[c].is == CLAIMS_SEAT && candidate[c].isAnswered && candidate[c].age < LEASE ->
       candidate[c].is = LEADS;
       candidate[c].works = candidate[c].claim;
       candidate[c].toldAloud = 0;
       believe(c)
     }
  :: d_step { /* gives the claim up: what it may have got, too */
       candidate[c].is == CLAIMS_SEAT ->
       released[candidate[c].claim] = 1;
       follow(c)
     }
  :: d_step { /* sends a renewal */
       RENEWS(c) && !candidate[c].isAnswered ->
       renewed[candidate[c].claim] = 1;
       candidate[c].age = 0
     }
  :: d_step { /* and is answered */
       RENEWS(c) && candidate[c].isAnswered && candidate[c].age < LEASE ->
       believe(c)
     }
  :: d_step { /* which is too late */
       candidate[c].isAnswered && candidate[c].age >= LEASE && candidate[c].is != CLAIMS_SEAT ->
       candidate[c].isAnswered = 0;
       candidate[c].age = 0
     }
  :: d_step { /* resigns: the work is told to stop */
       candidate[c].is == LEADS ->
       candidate[c].is = DRAINS;
       candidate[c].drained = 0
#ifdef RELEASES_FIRST
       ; released[candidate[c].claim] = 1
#endif
     }
  :: d_step { /* the work stops */
       candidate[c].works != 0 && candidate[c].is != LEADS ->
       candidate[c].works = 0;
       candidate[c].toldAloud = 0
     }
  :: d_step { /* only then, or when the time for that is over, the seat is given back */
#ifdef DRAINS_FOR_EVER
       candidate[c].is == DRAINS && candidate[c].works == 0 ->
#else
       candidate[c].is == DRAINS && (candidate[c].works == 0 || candidate[c].drained >= BOUND) ->
#endif
       candidate[c].toldAloud = (candidate[c].works != 0);
       released[candidate[c].claim] = 1;
       follow(c)
     }
  od
}

inline passOn(c) {
  LESS(candidate[c].belief);
  candidate[c].age = (candidate[c].is != FOLLOWS && candidate[c].age < LEASE -> candidate[c].age + 1 : candidate[c].age);
  candidate[c].drained = (candidate[c].is == DRAINS && candidate[c].drained <= BOUND -> candidate[c].drained + 1 : candidate[c].drained);
  assert(candidate[c].drained <= BOUND); /* bound */
  if
  :: candidate[c].is == LEADS && candidate[c].belief == 0 ->
       /* Nothing can hold the seat for work that goes on after its lease: the fencing token does. */
       candidate[c].toldAloud = 1;
       released[candidate[c].claim] = 1;
       follow(c)
#ifdef TROUBLE
  :: candidate[c].is == DRAINS && candidate[c].belief == 0 -> candidate[c].toldAloud = 1
#endif
  :: else
  fi
}

/* Where the store answers in time, no lease runs out that is renewed; and nobody misses the end of the drain. */
#ifdef TROUBLE
#define IN_TIME(c) true
#else
#define IN_TIME(c) (!(RENEWS(c) && candidate[c].belief == 1))
#endif
#ifdef DRAINS_FOR_EVER
#define IS_AWAKE(c) true
#else
#define IS_AWAKE(c) (!(candidate[c].is == DRAINS && candidate[c].drained == BOUND))
#endif

proctype Time() {
  do
  :: d_step {
       IN_TIME(0) && IN_TIME(1) && IS_AWAKE(0) && IS_AWAKE(1) ->
       passOn(0); passOn(1);
       LESS(left)
     }
  od
}

init {
  atomic {
    candidate[0].is = FOLLOWS;
    candidate[1].is = FOLLOWS;
    run Process(0); run Process(1);
    run Store(1); run Store(2); run Store(3);
    run Time()
  }
}
