/* Peterson's algorithm for two, entered several times. */

#ifndef ROUNDS
#define ROUNDS 100
#endif

bool wants[2];
bit turn;
byte inside;    /* how many stand in the critical section; the positions alone decide it */

inline enter() {
    inside++;
    assert(inside <= 1)
}

active [2] proctype process() {
    byte done;

end:
    do
    :: d_step { done < ROUNDS -> wants[_pid] = true };
       turn = 1 - _pid;
       do
       :: d_step { !wants[1 - _pid] -> enter() }; break
       :: wants[1 - _pid];
          if
          :: d_step { turn == _pid -> enter() }; break
          :: turn != _pid
          fi
       od;
       inside--;
       d_step { wants[_pid] = false; done++ }
    od
}
