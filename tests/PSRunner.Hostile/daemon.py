# expect: Passed
# A daemon by the book: forks twice, leads a session of its own, closes what it inherited.
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        for descriptor in range(3):
            os.close(descriptor)
        time.sleep(100000)
    os._exit(0)
time.sleep(0.2)
