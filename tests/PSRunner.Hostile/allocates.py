# expect: Crashed memory-limit
# timeout: 60
held = []
while True:
    held.append(bytearray(8 << 20))
