# expect: TimedOut test-timeout
while :; do :; done
