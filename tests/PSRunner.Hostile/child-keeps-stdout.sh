# expect: Passed
sleep 100000 &
echo 'done'
