"""What tests stand on that is neither a test nor of the project."""
