/*
 * One election among three Raft members: votes, promises, the leader's lease, transfer, crashes, lost folders.
 * Stands for: src/LeaderElection.Raft/Core/{ElectionState,Candidate,Leader,Pulse,Promise,Admission,RaftMember}.cs.
 *
 * CASE holds  crashes                 -DCRASHES=1 -DTERMS=2
 * CASE holds  transfers               -DTRANSFERS=1 -DTERMS=2
 * CASE holds  lost-folder             -DLOSSES=1 -DTERMS=2
 * CASE I1     lease-too-long          -DLEASE=3
 * CASE I1     lease-from-the-answer   -DLEASE_FROM_ANSWER
 * CASE I1     no-promise              -DNO_PROMISE
 * CASE I1     votes-at-restart        -DCRASHES=1 -DVOTES_AT_RESTART
 * CASE I1     reset-proves-death      -DRESET_PROVES_DEATH
 * CASE I1     release-for-ever        -DTRANSFERS=1 -DRELEASE_FOR_EVER
 * CASE I1     resigns-and-believes    -DTRANSFERS=1 -DRESIGNS_AND_BELIEVES
 * CASE I2     forgets-vote            -DCRASHES=1 -DFORGETS_VOTE
 * CASE I2     forgets-term-of-leader  -DFOLLOWS_LOWER_TERMS
 * CASE I2     empty-folder-votes      -DLOSSES=1 -DTERMS=2 -DEMPTY_FOLDER_VOTES
 * CASE I2     tells-no-terms          -DLOSSES=1 -DTERMS=2 -DTELLS_NO_TERMS
 * CASE I2     one-answer-is-enough    -DLOSSES=1 -DTERMS=2 -DONE_ANSWER_IS_ENOUGH
 * CASE I1     admitted-without-wait   -DLOSSES=1 -DTERMS=2 -DNO_WAIT_AFTER_LOSS
 */

#define MEMBERS  3
#define MAJORITY 2
#define TIMEOUT  2      /* how long a voter stays true to a leader that it has heard */
#ifndef LEASE
#define LEASE TIMEOUT   /* drift and margin, which make it shorter, are not modelled: clocks run alike */
#endif
#ifndef TERMS           /* nobody stands in a later one */
#define TERMS 3
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef TRANSFERS
#define TRANSFERS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif

#define NOBODY 3
#define BIT(m) (1 << (m))
#define COUNT(mask) (((mask) & 1) + (((mask) >> 1) & 1) + (((mask) >> 2) & 1))
#define LESS(x) x = (x > 0 -> x - 1 : 0)
#define MAX(a, b) (((a) > (b)) -> (a) : (b))

mtype = { FOLLOWER, CANDIDATE, LEADER };

typedef Member {
  byte term;
  byte votedFor;
  mtype role;
  byte promise;         /* how long it votes for nobody */
  byte promisedTerm;    /* whose leader, or an earlier one, counts on that */
  byte released;        /* of a candidate: the term whose leader handed over to it */
  byte votes;           /* of a candidate: who voted for it in its term, whether it has heard of that yet or not */
  byte heard;           /* of a leader: who has taken the last round of heartbeats, whether it has heard of that yet or not */
  byte age;             /* since before that round was sent */
  bit  isConfirmed;
  byte belief;          /* how long it believes that it leads */
  bit  hasMemory;
  byte told;            /* without memory: who has told it the terms, */
  byte recalled         /* and the highest of these */
};

Member member[MEMBERS];

/* A request for votes may arrive however late, and more than once: by member * 4 + term, which release it carries; 255 for none. */
byte asked[12] = 255;
/* The same for the word of a leader that hands over: the last that was sent to each. */
byte handedOver[MEMBERS];

byte leaderOf[4] = NOBODY;
bit  hasEnded[4];       /* the leader of that term has stopped, or its process has */
byte led;               /* the highest term that was led in */
byte crashes, transfers, losses;

#define OTHERS_BELIEVE(m) (member[((m) + 1) % 3].belief > 0 || member[((m) + 2) % 3].belief > 0)

inline stopLeading(m) {
  if
  :: member[m].role == LEADER ->
       hasEnded[member[m].term] = 1;
#ifndef RESIGNS_AND_BELIEVES
       member[m].belief = 0;
#endif
       member[m].promise = 0
  :: else
  fi;
  member[m].isConfirmed = 0;
  member[m].heard = 0;
  member[m].age = 0;
  member[m].votes = 0;
#ifndef RELEASE_FOR_EVER
  member[m].released = 0;
#endif
  member[m].role = FOLLOWER
}

inline stand(m, next, handedBy) {
  stopLeading(m);
  member[m].term = next;
  member[m].votedFor = m;
  member[m].role = CANDIDATE;
  member[m].votes = BIT(m);
  member[m].promise = 0;
  member[m].promisedTerm = 0;
  member[m].released = handedBy;
  asked[m * 4 + member[m].term] = handedBy
}

/* A leader does not vote while its lease holds, whoever handed over. */
#define MAY_VOTE(m, release) ((member[m].promise == 0) || ((member[m].role != LEADER) && ((release) > 0) && ((release) >= member[m].promisedTerm)))

/* Between a member and one term of another that asks for votes. */
inline vote(v, c, t) {
  stopLeading(v);
  member[v].term = t;
  member[v].votedFor = c;
  member[v].promise = 0;
  member[v].promisedTerm = 0;
  if
  :: member[c].role == CANDIDATE && member[c].term == t -> member[c].votes = member[c].votes | BIT(v)
  :: else
  fi
}

#ifdef RELEASE_FOR_EVER
#define RELEASE(r) (((r) > 0) -> 99 : 0)
#else
#define RELEASE(r) (r)
#endif

#define MAY_BE_GRANTED(v, c, t) (asked[(c) * 4 + (t)] != 255 && member[v].hasMemory && (t) >= member[v].term \
  && MAY_VOTE(v, RELEASE(asked[(c) * 4 + (t)])) && ((t) > member[v].term || member[v].votedFor == NOBODY))

#ifdef FOLLOWS_LOWER_TERMS
#define HEEDS(m, other) true
#else
#define HEEDS(m, other) (member[other].term <= member[m].term)
#endif

proctype Between(byte m; byte other) {
  do
  :: d_step { MAY_BE_GRANTED(m, other, 1) -> vote(m, other, 1) }
  :: d_step { MAY_BE_GRANTED(m, other, 2) -> vote(m, other, 2) }
#if TERMS > 2
  :: d_step { MAY_BE_GRANTED(m, other, 3) -> vote(m, other, 3) }
#endif
  :: d_step { /* m leads, and other hears it */
       member[m].role == LEADER && !(member[m].heard & BIT(other)) && member[other].hasMemory && HEEDS(m, other) ->
       member[m].heard = member[m].heard | BIT(other);
       if
       :: member[other].role == FOLLOWER && member[other].term == member[m].term
       :: else ->
            stopLeading(other);
            member[other].votedFor = (member[other].term < member[m].term -> NOBODY : member[other].votedFor);
            member[other].term = MAX(member[other].term, member[m].term)
       fi;
#ifndef NO_PROMISE
       member[other].promise = TIMEOUT;
       member[other].promisedTerm = member[m].term
#endif
     }
  :: d_step { /* other is in a higher term, and says so */
       member[m].role == LEADER && member[other].hasMemory && member[other].term > member[m].term ->
       stopLeading(m);
       member[m].term = member[other].term;
       member[m].votedFor = NOBODY
     }
  :: d_step { /* m hands over to other */
       transfers < TRANSFERS && member[m].role == LEADER && member[m].belief > 0 ->
       transfers++;
       handedOver[other] = member[m].term;
       stopLeading(m)
     }
#if LOSSES > 0
  :: d_step { /* other tells m, which has no memory, its term */
       !member[m].hasMemory && member[other].hasMemory && !(member[m].told & BIT(other)) ->
       member[m].told = member[m].told | BIT(other);
#ifndef TELLS_NO_TERMS
       member[m].recalled = MAX(member[m].recalled, member[other].term)
#endif
     }
#endif
  od
}

proctype Alone(byte m) {
  do
  :: d_step {
       member[m].hasMemory && member[m].role == FOLLOWER && member[m].promise == 0 && member[m].term < TERMS ->
#ifdef RELEASE_FOR_EVER
       stand(m, member[m].term + 1, member[m].released)
#else
       stand(m, member[m].term + 1, 0)
#endif
     }
  :: d_step { /* gives up: the timeout of a candidate */
       member[m].role == CANDIDATE -> stopLeading(m)
     }
  :: d_step { /* the word of the leader that hands over arrives */
       handedOver[m] > 0 && member[m].hasMemory && member[m].role != LEADER && handedOver[m] >= member[m].term &&
       MAY_VOTE(m, handedOver[m]) && handedOver[m] < TERMS ->
       stand(m, handedOver[m] + 1, handedOver[m])
     }
  :: d_step { /* wins the votes of a term */
       member[m].role == CANDIDATE && COUNT(member[m].votes) >= MAJORITY ->
       member[m].role = LEADER;
       member[m].votes = 0;
       member[m].promise = TIMEOUT;
       member[m].promisedTerm = member[m].term;
       assert(leaderOf[member[m].term] == NOBODY); /* I2 */
       leaderOf[member[m].term] = m
     }
  :: d_step { /* a round of heartbeats */
       member[m].role == LEADER && (member[m].age > 0 || member[m].heard != 0) && (!member[m].isConfirmed || member[m].belief > 0) ->
       member[m].age = 0;
       member[m].heard = 0
     }
  :: d_step { /* a majority has acknowledged it */
       member[m].role == LEADER && COUNT(member[m].heard) + 1 >= MAJORITY && member[m].age < LEASE && (!member[m].isConfirmed || member[m].belief > 0) ->
       if
       :: !member[m].isConfirmed -> assert(member[m].term > led); /* I2 */ led = member[m].term
       :: else
       fi;
       member[m].isConfirmed = 1;
#ifdef LEASE_FROM_ANSWER
       member[m].belief = LEASE;
#else
       member[m].belief = MAX(member[m].belief, LEASE - member[m].age);
#endif
       member[m].promise = member[m].belief;
       assert(!OTHERS_BELIEVE(m)) /* I1 */
     }
  :: d_step { /* its lease has run out, or it was never confirmed */
       member[m].role == LEADER && member[m].belief == 0 -> stopLeading(m)
     }
  :: d_step { /* hears that the leader that counts on it has stopped, or its process */
#ifdef RESET_PROVES_DEATH
       member[m].role != LEADER && member[m].promise > 0 ->
#else
       member[m].role != LEADER && member[m].promise > 0 && hasEnded[member[m].promisedTerm] ->
#endif
       member[m].promise = 0;
       member[m].promisedTerm = 0
     }
#if CRASHES > 0
  :: d_step {
       crashes < CRASHES ->
       crashes++;
       stopLeading(m);
#ifdef FORGETS_VOTE
       member[m].votedFor = NOBODY;
#endif
#ifdef VOTES_AT_RESTART
       member[m].promise = 0;
       member[m].promisedTerm = 0
#else
       member[m].promise = TIMEOUT;
       member[m].promisedTerm = member[m].term
#endif
     }
#endif
#if LOSSES > 0
  :: d_step { /* it is started on an empty folder */
       losses < LOSSES ->
       losses++;
       stopLeading(m);
       member[m].term = 0;
       member[m].votedFor = NOBODY;
       member[m].promise = 0;
       member[m].promisedTerm = 0;
#ifndef EMPTY_FOLDER_VOTES
       member[m].hasMemory = 0;
#endif
       member[m].told = 0;
       member[m].recalled = 0
     }
  :: d_step { /* all have told it what they know */
#ifdef ONE_ANSWER_IS_ENOUGH
       !member[m].hasMemory && COUNT(member[m].told) >= 1 ->
#else
       !member[m].hasMemory && COUNT(member[m].told) == MEMBERS - 1 ->
#endif
       member[m].hasMemory = 1;
       member[m].term = member[m].recalled;
       /* It may have voted in that term: it does not again. */
#ifdef TELLS_NO_TERMS
       member[m].votedFor = NOBODY;
#else
       member[m].votedFor = m;
#endif
#ifndef NO_WAIT_AFTER_LOSS
       member[m].promise = TIMEOUT;
#endif
       member[m].promisedTerm = member[m].term;
       member[m].told = 0;
       member[m].recalled = 0
     }
#endif
  od
}

inline passOn(m) {
  LESS(member[m].promise);
  member[m].promisedTerm = (member[m].promise == 0 -> 0 : member[m].promisedTerm);
  LESS(member[m].belief);
  member[m].age = (member[m].role == LEADER && member[m].age < LEASE -> member[m].age + 1 : member[m].age)
}

/* A member that is frozen, a message that is late: everything else may wait while time passes. */
proctype Time() {
  do
  :: d_step { passOn(0); passOn(1); passOn(2) }
  od
}

inline begin(m) {
  member[m].role = FOLLOWER;
  member[m].votedFor = NOBODY;
  member[m].hasMemory = 1
}

init {
  atomic {
    begin(0); begin(1); begin(2);
    run Time();
    run Alone(0); run Alone(1); run Alone(2);
    run Between(0, 1); run Between(0, 2); run Between(1, 0); run Between(1, 2); run Between(2, 0); run Between(2, 1)
  }
}
