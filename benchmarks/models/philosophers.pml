/* Philosophers who eat again and again; everybody takes the left fork first. */

#ifndef N
#define N 10
#endif

bool taken[N];

active [N] proctype philosopher() {
    do
    :: d_step { !taken[_pid] -> taken[_pid] = true };
       d_step { !taken[(_pid + 1) % N] -> taken[(_pid + 1) % N] = true };
       taken[(_pid + 1) % N] = false;
       taken[_pid] = false
    od
}
