# expect: TimedOut test-timeout
exec sleep 100000
