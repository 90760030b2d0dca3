/* Lamport's bakery: customers come several times, and each looks at the tickets one by one. */

#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#define MINE_FIRST (mine < number[other] || (mine == number[other] && _pid <= other))

bool choosing[THREADS];
byte number[THREADS];    /* 0: no ticket */
byte inside;             /* how many stand in the critical section; the positions alone decide it */

inline serve() {    /* once every other customer is known to come later, this one is inside */
    other++;
    mine = (other < THREADS -> mine : 0);
    inside = inside + (other == THREADS);
    assert(inside <= 1)
}

active [THREADS] proctype customer() {
    byte mine, other, done;

end:
    do
    :: d_step { done < ROUNDS -> choosing[_pid] = true };
       do
       :: d_step { other < THREADS -> mine = (number[other] > mine -> number[other] : mine);
                   other++; mine = mine + (other == THREADS) }
       :: d_step { other == THREADS -> number[_pid] = mine; other = 0 }; break
       od;
       choosing[_pid] = false;
       do
       :: other < THREADS && choosing[other]
       :: other < THREADS && !choosing[other];
          do
          :: d_step { number[other] == 0 -> serve() }; break
          :: number[other] != 0;
             if
             :: d_step { MINE_FIRST -> serve() }; break
             :: !MINE_FIRST
             fi
          od
       :: d_step { other == THREADS -> inside--; other = 0; done++ }; break
       od;
       number[_pid] = 0
    od
}
