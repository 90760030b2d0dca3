/* The filter lock, entered again and again. */

#ifndef THREADS
#define THREADS 4
#endif

#define FIRST_OTHER (_pid == 0 -> 1 : 0)
#define NEXT_OTHER  (other + 1 == _pid -> other + 2 : other + 1)
#define LAST_OTHER  (_pid == THREADS - 1 -> THREADS - 2 : THREADS - 1)

byte room[THREADS];
byte last[THREADS];
byte inside;    /* how many stand in the critical section; the positions alone decide it */

inline arrive() {
    stage++;
    inside = inside + (stage == THREADS);
    assert(inside <= 1)
}

active [THREADS] proctype process() {
    byte stage = 1, other;

outer:
    if
    :: d_step { stage < THREADS -> room[_pid] = stage };
       last[stage] = _pid;
       do
       :: d_step { last[stage] != _pid -> arrive() }; break
       :: d_step { last[stage] == _pid -> other = FIRST_OTHER };
          do
          :: d_step { room[other] < stage && other != LAST_OTHER -> other = NEXT_OTHER }
          :: d_step { room[other] < stage && other == LAST_OTHER -> other = 0; arrive() }; goto outer
          :: d_step { room[other] >= stage -> other = 0 }; break
          od
       od
    :: d_step { stage == THREADS -> stage = THREADS + 1; inside-- }
    :: d_step { stage == THREADS + 1 -> room[_pid] = 0; stage = 1 }
    fi;
    goto outer
}
