"""What rendering costs on this machine: `anycost bench`, and the figures of docs/speed.md."""
