# expect: TimedOut test-timeout
trap '' TERM INT HUP
while :; do sleep 100000; done
