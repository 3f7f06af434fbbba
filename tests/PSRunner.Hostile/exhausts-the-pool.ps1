# expect: TimedOut test-timeout
$barrier = [System.Threading.Barrier]::new(10000)
foreach ($i in 1..300) { $null = [System.Threading.Tasks.Task]::Run([Action]$barrier.SignalAndWait) }
$barrier.SignalAndWait()
