# expect: TimedOut test-timeout
[System.Threading.Thread]::Sleep(-1)
