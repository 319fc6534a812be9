"""Ways to reach what is no web server: buckets, SFTP and mail servers, databases. With `transport.py` the room's only I/O.

Each takes the same requests as HTTP does and gives answers with the same status codes; nothing is decided here.
"""
