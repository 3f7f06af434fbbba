# expect: TimedOut test-timeout
import os, time
for _ in range(50):
    if os.fork() == 0:
        os._exit(0)
time.sleep(100000)
