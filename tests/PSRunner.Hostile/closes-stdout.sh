# expect: TimedOut test-timeout
exec >&- 2>&-
sleep 100000
