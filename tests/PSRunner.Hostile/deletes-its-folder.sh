# expect: Passed
rm -rf "$PWD"
