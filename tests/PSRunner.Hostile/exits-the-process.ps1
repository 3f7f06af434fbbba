# expect: Crashed worker-crash
[Environment]::Exit(3)
