# expect: Passed
# timeout: 120
head -c 1000000000 /dev/zero
