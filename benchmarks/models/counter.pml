/* Several threads count together: one step reads the counter, one writes it back. */

#ifndef THREADS
#define THREADS 3
#endif
#ifndef ROUNDS
#define ROUNDS 6
#endif

byte counter;

active [THREADS] proctype worker() {
    byte value, done;
end:
    do
    :: d_step { done < ROUNDS -> value = counter };
       d_step { counter = value + 1; value = 0; done++ }
    od
}
