# expect: Passed
printf '\377\376\200abc\303'
