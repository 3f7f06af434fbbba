# expect: TimedOut test-timeout
kill -STOP $$
sleep 100000
