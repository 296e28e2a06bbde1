"""The inference process: faces, projection, rendering, edit session, service and command line."""
