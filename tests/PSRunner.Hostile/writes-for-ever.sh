# expect: TimedOut test-timeout
while :; do head -c 10000000 /dev/zero; sleep 0.05; done
