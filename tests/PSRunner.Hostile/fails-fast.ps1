# expect: Crashed worker-crash
[Environment]::FailFast('enough')
