# expect: Passed
cd .. && rm -r work && touch work
