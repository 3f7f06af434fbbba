# expect: Crashed worker-crash
ulimit -c 0
kill -SEGV $$
