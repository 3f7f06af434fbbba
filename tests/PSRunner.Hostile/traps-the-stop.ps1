# expect: TimedOut test-timeout
try { [System.Threading.Thread]::Sleep(-1) } finally { while ($true) { } }
