"""Worker processes: the messages they speak, the loop inside one, and the pool that the server keeps."""
