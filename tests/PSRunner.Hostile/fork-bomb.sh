# expect: TimedOut test-timeout
# Bounded: 200 processes, each in the background of another.
bomb() {
    if [ "$1" -gt 0 ]; then bomb $(($1 - 1)) & fi
    sleep 100000
}
bomb 100
