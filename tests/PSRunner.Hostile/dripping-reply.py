# expect: TimedOut test-timeout
# Work is done all the time, and never finished: only the test's own limit ends it.
import socket, sys, threading, time
server = socket.create_server(("127.0.0.1", 0))
def drip():
    connection, _ = server.accept()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b".")
        time.sleep(0.1)
threading.Thread(target=drip, daemon=True).start()
client = socket.create_connection(server.getsockname())
while True:
    sys.stdout.write(client.recv(1).decode())
    sys.stdout.flush()
