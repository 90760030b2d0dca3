/* Two threads share a reference count and hold no lock.
 *
 * refcount/race under policy access
 *
 *     spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c
 *     ./pan -E        judges the properties: an error is a violation
 *     ./pan -A -c0    counts the deadlocks: as many errors
 *
 * The lab found 13 states, 14 transitions, 0 deadlocked states.
 * SPIN stores as many states, and counts one transition more: the one into the initial state.
 * @final every_update_counted: violated.
 */

byte refcount = 2;
byte threads_ended = 0;    /* decided by where the threads stand */

#define final_every_update_counted (refcount == 2)

active proctype T1() {
at_1:    /* line 15, read refcount: refcount += 1 */
    if
    :: refcount == 2; goto at_2
    :: refcount == 1; goto at_3
    fi;
at_2:    /* line 15, write refcount: refcount += 1    _ = 3 */
    if
    :: d_step { refcount = 3; threads_ended++; assert(threads_ended < 2 || final_every_update_counted) }; goto end_1
    fi;
at_3:    /* line 15, write refcount: refcount += 1    _ = 2 */
    if
    :: d_step { refcount = 2; threads_ended++; assert(threads_ended < 2 || final_every_update_counted) }; goto end_1
    fi;
end_1:    /* returned None */
    false;
    /* Never reached; but SPIN would leave a variable that nothing reads out of the state. */
    refcount == 0
}

active proctype T2() {
at_1:    /* line 21, read refcount: refcount -= 1 */
    if
    :: refcount == 2; goto at_2
    :: refcount == 3; goto at_3
    fi;
at_2:    /* line 21, write refcount: refcount -= 1    _ = 1 */
    if
    :: d_step { refcount = 1; threads_ended++; assert(threads_ended < 2 || final_every_update_counted) }; goto end_1
    fi;
at_3:    /* line 21, write refcount: refcount -= 1    _ = 2 */
    if
    :: d_step { refcount = 2; threads_ended++; assert(threads_ended < 2 || final_every_update_counted) }; goto end_1
    fi;
end_1:    /* returned None */
    false;
}
