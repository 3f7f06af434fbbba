# expect: TimedOut test-timeout
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.sendall(b"GET / HTTP/1.1\r\n\r\n")
client.recv(1)
