"""The command line: `hacienda`."""

from hacienda.cli.app import app, main

__all__ = ["app", "main"]
