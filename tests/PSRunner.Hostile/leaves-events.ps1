# expect: Passed
# What it subscribed to acts at any moment, also while its shell is restored for the next.
$timer = [System.Timers.Timer]::new(1)
$null = $ExecutionContext.Events.SubscribeEvent($timer, 'Elapsed', 'tick', $null, { [System.Threading.Thread]::Sleep(50) }, $false, $false)
$timer.Start()
[System.Threading.Thread]::Sleep(100)
